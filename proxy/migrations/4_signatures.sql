-- What a vendor signed and a client may forget to bring back.
CREATE TABLE signatures (
    id {id},
    handle TEXT NOT NULL UNIQUE,
    payload TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX signatures_by_time ON signatures (expires_at);
