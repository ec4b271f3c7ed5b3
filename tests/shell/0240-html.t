#!/bin/sh
# Alice reads in a browser: a folder of pages, in which what others write is only words, and of which only that is written
# again which has changed.
. tests/lib.sh

account alice bob carol
meet alice bob
meet alice carol

pages() { find "$T/site" -name '*.html'; }
# in_pages XPATH: what it finds, of all pages; h:NAME is an element of XHTML.
in_pages() {
    pages | while read -r page; do
        printf 'setns h=http://www.w3.org/1999/xhtml\nxpath %s\n' "$1" | xmllint --shell "$page"
    done
}
finds_nothing() {
    in_pages "$1" >"$T/found"
    same "$(grep -c 'Set contains 0 nodes\|empty' "$T/found")" "$(pages | wc -l)" || { cat "$T/found" && false; }
}
snapshot() { (cd "$T/site" && find . -type f -printf '%p %i %T@\n' | sort); }

cp tests/data/ridge.jpg "$T/ridge.jpg"
say bob photo "$T/ridge.jpg" --alt 'A ridge under a red sky' --text 'The ridge at dawn.'
say carol status 'Nothing to see here'
as alice sn-sync
ok 'the feed is written as pages' as alice sn-feed --html "$T/site"
ok 'they are XML' sh -c "find '$T/site' -name '*.html' -print0 | xargs -0 xmllint --noout"
is 'each says that nothing may be loaded from elsewhere' "$(pages | xargs grep -LF \
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src 'self'; style-src 'self'\"/>")" ''
month=$(basename "$(grep -lF 'The ridge at dawn.' "$T/site"/2*.html)")
ok 'there is one for the month' has "$T/site/$month" 'The ridge at dawn.'
ok 'to which the first leads' has "$T/site/index.html" "href=\"$month\""
ok 'and one for each person' has "$T/site/people/$(as alice sn-contact show --json bob | jq -r .fingerprint).html" 'The ridge at dawn.'
ok 'a photograph has its words' has "$T/site/$month" 'alt="A ridge under a red sky"'
ok 'its preview is a JPEG' sh -c "file -b --mime-type '$T'/site/photos/*-small.jpg | grep -qx image/jpeg"
ok 'and so is it itself' sh -c "file -b --mime-type '$T'/site/photos/*-1.jpg | grep -qx image/jpeg"
is 'nobody else may read it' "$(find "$T/site" -perm /077)" ''

snapshot >"$T/before"
as alice sn-feed --html "$T/site"
is 'nothing is written when nothing has changed' "$(snapshot)" "$(cat "$T/before")"

ridge=$(id_of alice 'The ridge at dawn.')
as alice sn-pack comment --about "$ridge" 'Was there snow?' | as alice sn-seal | as alice sn-send
as alice sn-feed --html "$T/site"
thread=$(find "$T/site/threads" -name '*.html')
ok 'who answers makes a thread' has "$thread" 'Was there snow?'
ok 'to which what was answered leads' has "$T/site/$month" "threads/$(basename "$thread")"
is 'what has not changed is left alone' "$(snapshot | grep -c -xF -f "$T/before")" \
    "$(grep -c 'photos/\|style\|people' "$T/before" | awk '{ print $1 - 1 }')"

as bob sn-sync
as bob sn-pack retract "$ridge" | as bob sn-seal | as bob sn-send
as alice sn-sync
as alice sn-feed --html "$T/site"
ok 'what is taken back is gone' sh -c "! grep -rF 'The ridge at dawn.' '$T/site'"
is 'with its photographs' "$(ls "$T/site/photos")" ''

# Everything that a stranger may fill in, and all that has ever run in somebody's browser.
{
    printf '%s' "</p><script>alert(1)</script>\"'><img src=x onerror=alert(1)><svg/onload=alert(1)>"
    printf '%s' '<a href="javascript:alert(1)">x</a><style>*{background:url(https://evil.example/)}</style>'
    printf '%s' ']]>--><!--<iframe src=//evil.example></iframe><base href=//evil.example> javascript:alert(1)'
    printf '%s' ' data:text/html,<b>x https://evil.example/"onmouseover="alert(1) &lt;b&gt; &#60;b&#62; {{ 7*7 }}'
    printf ' a\342\200\256b\342\200\213c\342\201\246d\357\273\277e'
} >"$T/bad"
bad=$(cat "$T/bad")
cp tests/data/ridge.jpg "$T/$(printf '%.200s' "$bad" | tr / _).jpg"
as bob sn-profile set --name "$(printf '%.60s' "$bad")" --about "$bad" \
    --address "file://$T/post/bob" --address "https://evil.example/?a=1&b=onload=alert(1)" >"$T/result"
say bob status "$bad"
as bob sn-pack photo "$T"/*script*.jpg --alt "$bad" --text "$bad" | as bob sn-seal --to all | as bob sn-send
as bob sn-sync
as alice sn-sync
as alice sn-pack reaction --about "$(as alice sn-feed -n 1 --json | jq -r .id)" '<b>"&' | as alice sn-seal | as alice sn-send
as alice sn-pack status "$bad" | as alice sn-seal --to bob | as alice sn-send
as alice sn-feed --html "$T/site"
ok 'whatever others write, pages are XML' sh -c "find '$T/site' -name '*.html' -print0 | xargs -0 xmllint --noout"
ok 'it is there, as words' sh -c "grep -rqF 'script&#62;alert(1)' '$T/site'"
ok 'addresses, too' grep -rqF '&#38;b=onload' "$T/site/people"
ok 'none of it is an element' finds_nothing \
    '//h:script|//h:style|//h:iframe|//h:object|//h:embed|//h:base|//h:form|//h:input|//h:b|//*[namespace-uri() != "http://www.w3.org/1999/xhtml"]'
ok 'or an attribute that runs or paints' finds_nothing '//@*[starts-with(name(), "on") or name() = "style" or name() = "srcset"]'
ok 'links lead to pages and mails' finds_nothing \
    '//@href[contains(., ":") and not(starts-with(., "http:") or starts-with(., "https:") or starts-with(., "mailto:"))]'
ok 'and tell nobody where from' finds_nothing '//h:a[contains(@href, ":") and not(contains(@rel, "noreferrer"))]'
ok 'nothing is loaded from elsewhere' finds_nothing '//@src[contains(., ":") or starts-with(., "/")]'
ok 'nothing that nobody sees is in it' sh -c \
    "! grep -rP '\\x{202e}|\\x{200b}|\\x{2066}|\\x{feff}|\\x1b' '$T/site' --include '*.html'"
as alice sn-feed --atom >"$T/atom"
ok 'and an Atom document is valid, with all of it' xmllint --noout --relaxng tests/atom.rng "$T/atom"

mkdir "$T/thesis"
echo mine >"$T/thesis/chapter.txt"
fails 73 'a folder with something else in it is refused' as alice sn-feed --html "$T/thesis"
is 'and left alone' "$(ls -A "$T/thesis")" chapter.txt
fails 73 'so is the site of somebody else' as bob sn-feed --html "$T/site"
echo mine >"$T/site/notes.html"
ln -sf "$T/thesis/chapter.txt" "$T/site/people.html"
say bob status 'One more'
as alice sn-sync
fails 73 'a file that is not ours is not written over' as alice sn-feed --html "$T/site"
is 'nor is what a link leads to' "$(cat "$T/thesis/chapter.txt" "$T/site/notes.html")" "mine
mine"
ok 'the others are written' has "$T/site/index.html" 'One more'
fails 64 'pages are of everything' as alice sn-feed --html "$T/site" --from bob

plan
