"""sn-web as people use it: a real browser, on a screen and on a phone, with script and without."""
