-- Version 1. All times are seconds since 1970 UTC; fingerprints and SHA-256 are 32 bytes, ids 16.
--
-- Columns of a key come first, in its order: in tables without rowid SQLite 3.40.0 to 3.41.0, which is what Debian 12
-- has, takes the others for NULL when it checks a database.

-- One row a fact about the account itself: fingerprint, name, about, serial, stream; feed_mark, keys_told, last_round; witness and
-- worked (clock.rs), searchers and handles_changed (handles.rs).
CREATE TABLE account (
    key   TEXT NOT NULL PRIMARY KEY,
    value ANY  NOT NULL
) STRICT, WITHOUT ROWID;

-- Own addresses, in order of preference.
CREATE TABLE own_address (
    position INTEGER NOT NULL PRIMARY KEY,
    uri      TEXT    NOT NULL UNIQUE
) STRICT;

-- By what the owner wants to be found: their own details, so they stand here in clear; the secret does not.
CREATE TABLE handle (
    -- KEY=VALUE lines in canonical form
    details TEXT    NOT NULL PRIMARY KEY,
    scheme  INTEGER NOT NULL,
    -- a secret goes with it
    secret  INTEGER NOT NULL,
    -- what contacts may carry, and what opens bottles
    h       BLOB    NOT NULL,
    b       BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

-- Everybody this node has dealt with. The owner is not among them.
CREATE TABLE contact (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    fingerprint BLOB    NOT NULL UNIQUE,
    petname     TEXT    NOT NULL UNIQUE,
    -- introduced: a friend named them, nobody has written yet · asked: we wrote first · waiting: they did, and wait for
    -- accept · friend · blocked · gone
    state       TEXT    NOT NULL CHECK (state IN ('introduced', 'asked', 'waiting', 'friend', 'blocked', 'gone')),
    -- of the blocked: what it was before; '' for strangers
    before_block TEXT   NOT NULL DEFAULT '',
    -- '' · invited · introduced · checked
    grade       TEXT    NOT NULL DEFAULT '',
    -- one line to show beside the name, or ''
    alarm       TEXT    NOT NULL DEFAULT '',
    name        TEXT    NOT NULL,
    about       TEXT    NOT NULL DEFAULT '',
    serial      INTEGER NOT NULL,
    certificate BLOB    NOT NULL,
    meeting_p256    BLOB NOT NULL,
    meeting_ml_kem  BLOB,
    sealing_p256    BLOB,
    sealing_ml_kem  BLOB,
    since       INTEGER NOT NULL,
    -- the key, kept elsewhere, that may name their next identity; the first that they named stays
    recovery    BLOB,
    -- what they said when they asked, or who introduced them said of them
    note        TEXT    NOT NULL DEFAULT '',
    -- SHA-256 of the code that they asked with last
    code        BLOB,
    -- the friend who introduced them first
    introduced_by BLOB,
    -- their public profile as they signed it, to introduce them by
    public      BLOB,
    -- how many packets for them were given up since they last sent keys that something can be sealed to
    given_up    INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Whose words are not shown. They need not be contacts: friends pass on what others say.
CREATE TABLE muted (
    who BLOB NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- Fingerprints that contacts had before a succession, and who said that they have another one now.
CREATE TABLE former (
    fingerprint BLOB    NOT NULL PRIMARY KEY,
    contact     INTEGER NOT NULL REFERENCES contact ON DELETE CASCADE,
    -- old: that key itself · recovery: the key it had committed to · owner: the owner of this account
    said_by     TEXT    NOT NULL CHECK (said_by IN ('old', 'recovery', 'owner')),
    -- the commitment that counted then
    recovery    BLOB,
    -- which of their keys it was: 1 is the first
    position    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX former_contact ON former (contact);

-- Fingerprints that this account had, and the successions that say which one came after each, the first one first.
CREATE TABLE own_former (
    position    INTEGER NOT NULL PRIMARY KEY,
    fingerprint BLOB    NOT NULL UNIQUE,
    signed      BLOB    NOT NULL
) STRICT;

-- Every key of the owner. Who is no contact need not be the owner: contacts are forgotten, what they wrote stays.
CREATE VIEW own_key (fingerprint) AS
    SELECT value FROM account WHERE key = 'fingerprint' UNION ALL SELECT fingerprint FROM own_former;

-- Everybody by every key; the owner, who is no contact, as contact 0. A later key has a higher position. One that was taken from its owner is not `sound`: it speaks for nothing but what it has signed itself.
CREATE VIEW person (fingerprint, contact, position, sound) AS
    SELECT fingerprint, id, 9223372036854775807, 1 FROM contact
    UNION ALL SELECT fingerprint, contact, position, said_by = 'old' FROM former
    UNION ALL SELECT fingerprint, 0, position, 1 FROM own_former
    UNION ALL SELECT value, 0, 9223372036854775807, 1 FROM account WHERE key = 'fingerprint';

-- Their addresses, in their order; those set by hand come first and stay.
CREATE TABLE address (
    contact  INTEGER NOT NULL REFERENCES contact ON DELETE CASCADE,
    by_hand  INTEGER NOT NULL DEFAULT 0,
    position INTEGER NOT NULL,
    uri      TEXT    NOT NULL,
    -- a delivery through it was confirmed
    proven   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (contact, by_hand, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE membership (
    name    TEXT    NOT NULL,
    contact INTEGER NOT NULL REFERENCES contact ON DELETE CASCADE,
    PRIMARY KEY (name, contact)
) STRICT, WITHOUT ROWID;

-- Invitations given out, by SHA-256 of their code.
CREATE TABLE invitation (
    code    BLOB    NOT NULL PRIMARY KEY,
    expires INTEGER NOT NULL,
    petname TEXT    NOT NULL DEFAULT '',
    -- handed over face to face: whoever uses it is who stood there
    in_person INTEGER NOT NULL DEFAULT 0,
    used_by BLOB
) STRICT, WITHOUT ROWID;

-- What friends let this account carry for them: the serial of each one's list, and how many entries it has.
CREATE TABLE carried (
    contact INTEGER PRIMARY KEY REFERENCES contact ON DELETE CASCADE,
    serial  INTEGER NOT NULL,
    entries INTEGER NOT NULL
) STRICT;
-- The entries, one after another: all of them are read for each search, so those of 64 contacts are in one row.
CREATE TABLE hashcache (
    -- the contact divided by 64, and for each entry, in one byte, the remainder
    shelf   INTEGER NOT NULL,
    scheme  INTEGER NOT NULL,
    places  BLOB    NOT NULL,
    hs      BLOB    NOT NULL,
    PRIMARY KEY (shelf, scheme)
) STRICT, WITHOUT ROWID;

-- Searches taken from friends, by SHA-256 of their token: none is taken twice, and they are counted.
CREATE TABLE search_taken (
    token     BLOB    NOT NULL PRIMARY KEY,
    neighbour INTEGER NOT NULL REFERENCES contact ON DELETE CASCADE,
    taken     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX search_taken_by ON search_taken (neighbour, taken);

-- Those of which something has not left yet: the packet's XML as it came.
CREATE TABLE search (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    neighbour INTEGER NOT NULL REFERENCES contact ON DELETE CASCADE,
    packet    BLOB    NOT NULL
) STRICT;

-- What is still to leave of each, and when.
CREATE TABLE search_leaving (
    id     INTEGER PRIMARY KEY,
    search INTEGER NOT NULL REFERENCES search ON DELETE CASCADE,
    -- to whom it is passed on; NULL: the search-request, whose reader is found when it leaves
    reader INTEGER REFERENCES contact ON DELETE CASCADE,
    leaves INTEGER NOT NULL
) STRICT;
CREATE INDEX search_leaving_next ON search_leaving (leaves);
CREATE INDEX search_leaving_of ON search_leaving (search);

-- What left, by the id of the packet: who wants no more of it names that.
CREATE TABLE search_brought (
    id        BLOB    NOT NULL PRIMARY KEY,
    reader    INTEGER NOT NULL REFERENCES contact ON DELETE CASCADE,
    neighbour INTEGER NOT NULL REFERENCES contact ON DELETE CASCADE,
    brought   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX search_brought_at ON search_brought (brought);

-- Who wants no more searches of whom.
CREATE TABLE search_stopped (
    neighbour INTEGER NOT NULL REFERENCES contact ON DELETE CASCADE,
    reader    INTEGER NOT NULL REFERENCES contact ON DELETE CASCADE,
    PRIMARY KEY (neighbour, reader)
) STRICT, WITHOUT ROWID;

-- Who searched for the owner, by bottles that opened.
CREATE TABLE sought (
    searcher   BLOB    NOT NULL,
    -- when the search was begun: the same in all of its bottles
    begun      INTEGER NOT NULL,
    came       INTEGER NOT NULL,
    -- the own handles that it named, for people
    handles    TEXT    NOT NULL,
    -- what an answer shows
    bottle     BLOB    NOT NULL,
    proof      BLOB    NOT NULL,
    -- to whom the searcher gave it first, who brought it, and the id of their packet
    introducer BLOB    NOT NULL,
    through    BLOB    NOT NULL,
    packet     BLOB    NOT NULL,
    PRIMARY KEY (searcher, begun)
) STRICT, WITHOUT ROWID;
CREATE INDEX sought_through ON sought (through, came);

-- Searchers of whom the owner wants to hear no more.
CREATE TABLE unwanted (
    searcher BLOB NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- The owner's own searches.
CREATE TABLE own_search (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    begun    INTEGER NOT NULL,
    -- answers count until then
    ends     INTEGER NOT NULL,
    -- the details in canonical form, and the note
    details  TEXT    NOT NULL,
    note     TEXT    NOT NULL,
    -- how many contacts were asked
    asked    INTEGER NOT NULL,
    -- B of each handle, one after another; empty once it has ended
    b        BLOB    NOT NULL
) STRICT;

-- Their bottles, as long as an answer may come: by its digest, to whom it was given first, and what an answer is checked
-- with.
CREATE TABLE own_bottle (
    digest     BLOB    NOT NULL PRIMARY KEY,
    search     INTEGER NOT NULL REFERENCES own_search ON DELETE CASCADE,
    introducer BLOB    NOT NULL,
    start      BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX own_bottle_search ON own_bottle (search);

-- Who answered, through whom, and by which of the handles, for people.
CREATE TABLE own_answer (
    search     INTEGER NOT NULL REFERENCES own_search ON DELETE CASCADE,
    contact    INTEGER NOT NULL REFERENCES contact ON DELETE CASCADE,
    introducer BLOB    NOT NULL,
    handle     TEXT    NOT NULL,
    PRIMARY KEY (search, contact)
) STRICT, WITHOUT ROWID;
CREATE INDEX own_answer_by ON own_answer (contact);

-- Every packet held, own ones too. Rowid order is the order of the feed: nothing needs sorting.
CREATE TABLE packet (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    author   BLOB    NOT NULL,
    id       BLOB    NOT NULL,
    type     TEXT    NOT NULL,
    created  INTEGER NOT NULL,
    -- when it came here, or was sealed here
    received INTEGER NOT NULL,
    -- when it is to be gone: as its author says, held against our clock when it came
    expires  INTEGER,
    -- what the author calls themselves, or ''
    author_name TEXT NOT NULL DEFAULT '',
    -- who brought it, when that is not the author
    through  BLOB,
    root_author BLOB,
    root_id     BLOB,
    about_author BLOB,
    about_id     BLOB,
    -- feed: shown · quiet: kept, not shown (people, service and application packets)
    -- unknown: not understood, its fallback is shown
    -- retracted, removed (by the author of its thread's root), expired: nothing is left but its name
    state    TEXT    NOT NULL CHECK (state IN ('feed', 'quiet', 'unknown', 'retracted', 'removed', 'expired')),
    -- text is that of an edit
    edited   INTEGER NOT NULL DEFAULT 0,
    -- a root on which its author wants no more comments
    closed   INTEGER NOT NULL DEFAULT 0,
    -- other bytes came under its name later; the first stay
    doubled  INTEGER NOT NULL DEFAULT 0,
    -- SHA-256 of the packet's XML
    digest   BLOB    NOT NULL,
    text     TEXT    NOT NULL DEFAULT '',
    -- the author's SignedData, as it came; empty when the words are gone
    signed   BLOB    NOT NULL,
    UNIQUE (author, id)
) STRICT;
-- What somebody wrote, the newest first.
CREATE INDEX packet_author ON packet (author);
CREATE INDEX packet_root ON packet (root_id, root_author) WHERE root_id IS NOT NULL;
CREATE INDEX packet_again ON packet (seq) WHERE state = 'unknown';
CREATE INDEX packet_expires ON packet (expires)
    WHERE expires IS NOT NULL AND state NOT IN ('retracted', 'removed', 'expired');
-- Answers: whether a line is shown for what is gone.
CREATE INDEX packet_about ON packet (about_id, about_author) WHERE state = 'feed' AND root_id IS NOT NULL;
-- What is told again to a friend who was none for a while.
CREATE INDEX packet_change ON packet (seq) WHERE type IN ('edit', 'retract');
-- Shares of a packet: who got one gets what its author changes about it.
CREATE INDEX packet_share ON packet (about_id, about_author) WHERE type = 'share';

-- What its author, or that of its thread's root, wants of a packet, whether or not that is here: one row for each who
-- speaks of it, and the thread that they say it is in. Whether it counts is judged when the packet is here.
CREATE TABLE change (
    author  BLOB NOT NULL,
    id      BLOB NOT NULL,
    -- author and id of the root, one after the other; empty for a root
    thread  BLOB NOT NULL,
    by      BLOB NOT NULL,
    retracted INTEGER NOT NULL DEFAULT 0,
    closed    INTEGER NOT NULL DEFAULT 0,
    -- the earliest that an edit asks for
    expires   INTEGER,
    -- the edit whose words win, if there is one
    edit      INTEGER REFERENCES packet,
    version   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (author, id, thread, by)
) STRICT, WITHOUT ROWID;

-- Rows of packet that look different since they came, each with when that was last: who shows the feed somewhere else reads
-- on from the highest `n` that they saw. What is new has a higher row anyway.
CREATE TABLE touched (
    n      INTEGER PRIMARY KEY AUTOINCREMENT,
    packet INTEGER NOT NULL UNIQUE
) STRICT;
-- No INSERT OR REPLACE: in a trigger, the statement that fires it decides about conflicts.
CREATE TRIGGER packet_touched AFTER UPDATE OF state, text, edited, closed, doubled, received, expires ON packet BEGIN
    DELETE FROM touched WHERE packet = new.seq;
    INSERT INTO touched (packet) VALUES (new.seq);
END;

-- Up to which row each hook has heard of packets, and how often it failed at the next.
CREATE TABLE hook (
    name   TEXT    NOT NULL PRIMARY KEY,
    seq    INTEGER NOT NULL,
    failed INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- The words of what is shown, apart as words.rs parts them; by row of packet.
CREATE VIRTUAL TABLE packet_text USING fts5 (text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2');
-- Those whose words the transaction that runs has still to enter: empty between transactions.
CREATE TABLE unsearched (
    packet INTEGER PRIMARY KEY
) STRICT;

CREATE TABLE attachment (
    packet     INTEGER NOT NULL REFERENCES packet ON DELETE CASCADE,
    position   INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    media_type TEXT    NOT NULL,
    size       INTEGER NOT NULL,
    sha256     BLOB    NOT NULL,
    alt        TEXT    NOT NULL DEFAULT '',
    preview    BLOB,
    -- either its bytes, or the key and the digests of its chunks, one after another
    content    BLOB,
    key        BLOB,
    chunks     BLOB,
    PRIMARY KEY (packet, position)
-- Not WITHOUT ROWID: a search in such a tree reads whole rows, previews and all, to compare their keys.
) STRICT;

-- Chunks that packets held here list, and how many times; `here` when the file is in blobs/. Those that nothing lists
-- any more stay until their file is deleted.
CREATE TABLE chunk (
    sha256 BLOB    NOT NULL PRIMARY KEY,
    listed INTEGER NOT NULL DEFAULT 0,
    here   INTEGER NOT NULL DEFAULT 0,
    -- bytes, once it is here and if others sent it
    size   INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX chunk_unlisted ON chunk (sha256) WHERE listed = 0;

-- Who brought packets that list a chunk: each of them may be waiting to hear that it came, and is asked for it.
CREATE TABLE lister (
    chunk    BLOB    NOT NULL REFERENCES chunk ON DELETE CASCADE,
    sender   BLOB    NOT NULL,
    -- it is here, and they were not told
    unsaid   INTEGER NOT NULL DEFAULT 0,
    -- the envelope that tells them, as long as sn-send has not taken it
    said_in  BLOB,
    asked    INTEGER NOT NULL DEFAULT 0,
    -- NULL while it is here
    next_ask INTEGER,
    PRIMARY KEY (chunk, sender)
) STRICT, WITHOUT ROWID;
CREATE INDEX lister_next ON lister (next_ask) WHERE next_ask IS NOT NULL;
CREATE INDEX lister_unsaid ON lister (sender) WHERE unsaid = 1;
CREATE INDEX lister_said_in ON lister (said_in) WHERE said_in IS NOT NULL;

-- Which packets list a chunk, as long as their attachments are held. No reference to packet: it would be looked for in
-- vain at every deletion.
CREATE TABLE listing (
    chunk  BLOB    NOT NULL,
    packet INTEGER NOT NULL,
    PRIMARY KEY (chunk, packet)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER chunk_touched AFTER UPDATE OF here ON chunk WHEN new.here <> old.here BEGIN
    DELETE FROM touched WHERE packet IN (SELECT packet FROM listing WHERE chunk = new.sha256);
    INSERT INTO touched (packet) SELECT packet FROM listing WHERE chunk = new.sha256;
END;

-- Who an own root, or what was passed on in its thread, was sealed to, unless that was cancelled.
CREATE TABLE audience (
    packet INTEGER NOT NULL REFERENCES packet ON DELETE CASCADE,
    reader BLOB    NOT NULL,
    PRIMARY KEY (packet, reader)
) STRICT, WITHOUT ROWID;

-- Who others' packets name as their readers, if there is more than one: each of them may know of the rest.
CREATE TABLE addressee (
    packet INTEGER NOT NULL REFERENCES packet ON DELETE CASCADE,
    reader BLOB    NOT NULL,
    own    INTEGER NOT NULL,
    PRIMARY KEY (packet, reader)
) STRICT, WITHOUT ROWID;

-- Counters: the next one for each reader of the account's own stream.
CREATE TABLE counter (
    reader BLOB    NOT NULL,
    stream BLOB    NOT NULL,
    next   INTEGER NOT NULL,
    PRIMARY KEY (reader, stream)
) STRICT, WITHOUT ROWID;

-- Streams in which this account counted before its present one; `settled`: when all that was given in it is known.
CREATE TABLE own_stream (
    stream  BLOB    NOT NULL PRIMARY KEY,
    settled INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Friends who had something from another copy of this account: when they said so first, and last.
CREATE TABLE copy_told (
    contact INTEGER PRIMARY KEY REFERENCES contact ON DELETE CASCADE,
    first   INTEGER NOT NULL,
    last    INTEGER NOT NULL
) STRICT;

-- Friends' streams: when the first and the last envelope in each was sealed, by their own word.
CREATE TABLE stream (
    sender BLOB    NOT NULL,
    stream BLOB    NOT NULL,
    first  INTEGER NOT NULL,
    last   INTEGER NOT NULL,
    PRIMARY KEY (sender, stream)
) STRICT, WITHOUT ROWID;

-- Envelopes sealed, until they are confirmed.
CREATE TABLE sealed (
    reader   BLOB    NOT NULL,
    stream   BLOB    NOT NULL,
    counter  INTEGER NOT NULL,
    -- SHA-256 of the sealed bytes: the delivery's name
    envelope BLOB    NOT NULL UNIQUE,
    sealed   INTEGER NOT NULL,
    -- when its packets were sealed for this reader first
    since    INTEGER NOT NULL,
    -- the counter under which they were sealed anew; it holds once sn-send has taken that
    replaced INTEGER,
    -- sn-send has taken it, or it has left some other way; else it was printed and thrown away, or cancelled
    taken    INTEGER NOT NULL DEFAULT 0,
    -- a driver has said that it was sent, whatever becomes of its delivery later
    handed_over INTEGER NOT NULL DEFAULT 0,
    confirmed INTEGER,
    PRIMARY KEY (reader, stream, counter)
) STRICT, WITHOUT ROWID;

CREATE TABLE sealed_packet (
    packet   INTEGER NOT NULL REFERENCES packet ON DELETE CASCADE,
    envelope BLOB    NOT NULL,
    PRIMARY KEY (packet, envelope)
) STRICT, WITHOUT ROWID;
CREATE INDEX sealed_packet_envelope ON sealed_packet (envelope);

-- Envelopes opened: what comes again is dropped. `digest` is the SHA-256 of the sender's SignedData.
CREATE TABLE opened (
    sender  BLOB    NOT NULL,
    stream  BLOB    NOT NULL,
    counter INTEGER NOT NULL,
    digest  BLOB    NOT NULL,
    -- a contact-request or contact-accept was in it
    met     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (sender, stream, counter)
) STRICT, WITHOUT ROWID;
CREATE INDEX opened_met ON opened (sender, stream, counter) WHERE met;

-- Which counters came, as ranges that do not touch: what `<received>` says.
CREATE TABLE received (
    sender BLOB    NOT NULL,
    stream BLOB    NOT NULL,
    last   INTEGER NOT NULL,
    first  INTEGER NOT NULL,
    PRIMARY KEY (sender, stream, last)
) STRICT, WITHOUT ROWID;

-- Counters that have not come, though a higher one has: asked for until they come or are answered.
CREATE TABLE gap (
    sender BLOB    NOT NULL,
    stream BLOB    NOT NULL,
    first  INTEGER NOT NULL,
    last   INTEGER NOT NULL,
    asked  INTEGER NOT NULL DEFAULT 0,
    next_ask INTEGER NOT NULL,
    PRIMARY KEY (sender, stream, first)
) STRICT, WITHOUT ROWID;
CREATE INDEX gap_next ON gap (next_ask);

-- What was answered to readers who asked for what was lost: bytes since `since`, of a budget for a day.
CREATE TABLE answered (
    reader BLOB    NOT NULL PRIMARY KEY,
    since  INTEGER NOT NULL,
    bytes  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What the node owes: sealed by sn-seal --due once its time has come, and owed until sn-send has taken what carries it.
CREATE TABLE due (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    reader    BLOB    NOT NULL,
    not_before INTEGER NOT NULL,
    -- one of the two: a clear packet of ours (or theirs, that is to be answered), or an author's SignedData to be passed
    -- on; neither: a bare confirmation
    packet    BLOB,
    signed    INTEGER REFERENCES owed,
    -- its name, as due/debt.rs spells it: at most one debt of each is owed to a reader
    what      TEXT    NOT NULL,
    -- it was sealed; not_before is when that counts for nothing, unless sn-send takes it before
    sealed    INTEGER NOT NULL DEFAULT 0,
    -- how often it was put off since there was no key to seal it to
    put_off   INTEGER NOT NULL DEFAULT 0,
    UNIQUE (reader, what)
) STRICT;
CREATE INDEX due_what ON due (what);
CREATE INDEX due_signed ON due (signed) WHERE signed IS NOT NULL;

-- What is owed to many is kept once.
CREATE TABLE owed (
    id     INTEGER PRIMARY KEY,
    digest BLOB    NOT NULL UNIQUE,
    signed BLOB    NOT NULL
) STRICT;
CREATE TRIGGER due_paid AFTER DELETE ON due WHEN old.signed IS NOT NULL BEGIN
    DELETE FROM owed WHERE id = old.signed AND NOT EXISTS (SELECT 1 FROM due WHERE signed = old.signed);
END;
CREATE TRIGGER due_replaced AFTER UPDATE OF signed ON due WHEN old.signed IS NOT new.signed BEGIN
    DELETE FROM owed WHERE id = old.signed AND NOT EXISTS (SELECT 1 FROM due WHERE signed = old.signed);
END;

-- The envelopes that carry a debt, as long as sn-send has not taken them.
CREATE TABLE payment (
    debt     INTEGER NOT NULL REFERENCES due ON DELETE CASCADE,
    envelope BLOB    NOT NULL,
    PRIMARY KEY (debt, envelope)
) STRICT, WITHOUT ROWID;
CREATE INDEX payment_envelope ON payment (envelope);

-- One row per thing on its way to one reader: an envelope or a chunk. outpackets/ holds the envelopes; rows can be
-- made anew from it.
CREATE TABLE delivery (
    -- SHA-256 of the envelope's or chunk's bytes
    item      BLOB    NOT NULL,
    reader    BLOB    NOT NULL,
    -- the envelope that brought it into the queue: itself, or the one that lists the chunk
    envelope  BLOB    NOT NULL,
    state     TEXT    NOT NULL CHECK (state IN ('waiting', 'sent', 'failed')),
    queued    INTEGER NOT NULL,
    -- through `address`
    attempts  INTEGER NOT NULL DEFAULT 0,
    next_try  INTEGER NOT NULL,
    -- sent: through which; waiting: through which it is tried, or was last
    address   TEXT    NOT NULL DEFAULT '',
    -- when it was tried through that one first; before any address, when it was queued
    began     INTEGER NOT NULL,
    -- those that refused it and are not asked again, one a line
    refused   TEXT    NOT NULL DEFAULT '',
    reason    TEXT    NOT NULL DEFAULT '',
    -- what somebody on the way said of it last: perhaps true, for people to see
    hint      TEXT    NOT NULL DEFAULT '',
    -- of a chunk: the reader has said to have it
    came      INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (item, reader)
) STRICT, WITHOUT ROWID;
-- In the order in which they are handed over.
CREATE INDEX delivery_next ON delivery (next_try, item <> envelope, item) WHERE state = 'waiting';
CREATE INDEX delivery_sent ON delivery (queued) WHERE state = 'sent';
CREATE INDEX delivery_failed ON delivery (envelope) WHERE state = 'failed';
CREATE INDEX delivery_envelope ON delivery (envelope, state);
