"""SocialNet, read by somebody else: a small node, written from the manual pages alone.

It shows that the pages suffice, and it is a way to learn the standard. In this order:

values     how single values are spelt                    markup     what of XML is let in
grammar    which names belong where                       packet     what one person did
profile    who people are, and invitations                form       how DER is written here
keys       identities and certificates                    seal       signatures, padding and the two layers
envelope   packets for one reader                         blob       files too long for a packet
state      what is remembered                             account    where it is
taking     an envelope is taken in                        meeting    how people become contacts
threads    words, comments, changes of mind               owing      what is due, sealed
node       a round, and what an owner asks for            __main__   the same from a shell

vectors and chatter test it. It leaves out the short form of invitations, acting on successions, and what a node needs to last for years: limits on what strangers make it keep and
on what it answers, a second try after 7 days, pairs made by a clock that was ahead, and telling two copies of an account
by their streams.
"""
