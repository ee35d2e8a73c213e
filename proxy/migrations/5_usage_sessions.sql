-- What clients call a session, by a number made of its key and its name.
CREATE TABLE usage_sessions (
    key_id BIGINT NOT NULL,
    session BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    tokens BIGINT NOT NULL,
    cost_nano BIGINT NOT NULL,
    PRIMARY KEY (key_id, session)
) {packed};
CREATE INDEX usage_sessions_by_time ON usage_sessions (last_at);
