-- One narrow row per request. It refers to keys and models without constraints: they never go.
CREATE TABLE models (
    id {id},
    name TEXT NOT NULL UNIQUE
);
CREATE TABLE requests (
    id {id},
    at BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    model_id INTEGER NOT NULL,
    status SMALLINT NOT NULL,
    operation SMALLINT NOT NULL,
    input_tokens INTEGER NOT NULL,
    cache_read_tokens INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    cache_write_long_tokens INTEGER NOT NULL,
    audio_input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    reasoning_tokens INTEGER NOT NULL,
    audio_output_tokens INTEGER NOT NULL,
    cost_nano BIGINT,
    ms INTEGER NOT NULL,
    secs INTEGER NOT NULL,
    estimated SMALLINT NOT NULL,
    request BIGINT NOT NULL
);
CREATE INDEX requests_by_time ON requests (at);
-- Hours are counted since 1970.
CREATE TABLE usage_hours (
    hour BIGINT NOT NULL,
    key_id BIGINT NOT NULL,
    model_id INTEGER NOT NULL,
    operation SMALLINT NOT NULL,
    requests BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    estimated BIGINT NOT NULL,
    unpriced BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    cache_read_tokens BIGINT NOT NULL,
    cache_write_tokens BIGINT NOT NULL,
    cache_write_long_tokens BIGINT NOT NULL,
    audio_input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    reasoning_tokens BIGINT NOT NULL,
    audio_output_tokens BIGINT NOT NULL,
    cost_nano BIGINT NOT NULL,
    ms BIGINT NOT NULL,
    secs BIGINT NOT NULL,
    PRIMARY KEY (hour, key_id, model_id, operation)
) {packed};
-- All that a key ever cost, so that a start need not add up years.
CREATE TABLE spent (
    key_id BIGINT PRIMARY KEY,
    cost_nano BIGINT NOT NULL
) {packed};
-- How far the journal of each process has been folded in, and when.
CREATE TABLE journals (
    id BIGINT PRIMARY KEY,
    folded BIGINT NOT NULL,
    at BIGINT NOT NULL
) {packed};
-- Requests that name themselves, so that asking again costs nothing.
CREATE TABLE claims (
    id {id},
    key_id BIGINT NOT NULL,
    name {bytes} NOT NULL,
    body {bytes} NOT NULL,
    at BIGINT NOT NULL,
    journal_id BIGINT NOT NULL,
    booked {bytes},
    UNIQUE (key_id, name)
);
CREATE INDEX claims_by_time ON claims (at);
