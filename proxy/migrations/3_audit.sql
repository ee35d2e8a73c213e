-- Each entry holds the digest of the one before it. The head says which one is the last.
CREATE TABLE audit (
    id {id},
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    ip TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    session TEXT NOT NULL,
    before {bytes} NOT NULL,
    digest {bytes} NOT NULL
);
INSERT INTO marks (name, value) VALUES ('audit', 0);
