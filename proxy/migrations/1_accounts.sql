-- Who may ask, and how much. Times are milliseconds since 1970; a row that has ended stays, because
-- ledger rows name it.
CREATE TABLE organisations (
    id {id},
    name TEXT NOT NULL UNIQUE,
    made_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE TABLE projects (
    id {id},
    organisation_id BIGINT NOT NULL REFERENCES organisations (id),
    name TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    ended_at BIGINT,
    UNIQUE (organisation_id, name)
);
CREATE TABLE people (
    id {id},
    email TEXT UNIQUE,
    name TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    ended_at BIGINT
);
-- A project of 0 stands for the whole organisation.
CREATE TABLE members (
    organisation_id BIGINT NOT NULL REFERENCES organisations (id),
    project_id BIGINT NOT NULL,
    person_id BIGINT NOT NULL REFERENCES people (id),
    role SMALLINT NOT NULL,
    PRIMARY KEY (organisation_id, project_id, person_id)
);
-- Without a digest, a key is only a place in the ledger: for people who signed in, and for this
-- installation's own app.
CREATE TABLE client_keys (
    id {id},
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    digest {bytes} UNIQUE,
    organisation_id BIGINT NOT NULL REFERENCES organisations (id),
    project_id BIGINT REFERENCES projects (id),
    person_id BIGINT REFERENCES people (id),
    models TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
);
-- Budgets and limits of organisations, projects, people and keys.
CREATE TABLE caps (
    scope SMALLINT NOT NULL,
    owner_id BIGINT NOT NULL,
    kind SMALLINT NOT NULL,
    most BIGINT NOT NULL,
    PRIMARY KEY (scope, owner_id, kind)
);
CREATE TABLE sessions (
    id {id},
    digest {bytes} NOT NULL UNIQUE,
    person_id BIGINT NOT NULL REFERENCES people (id),
    ip TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE TABLE pins (
    id {id},
    email TEXT NOT NULL,
    digest {bytes} NOT NULL,
    made_at BIGINT NOT NULL,
    tries_left SMALLINT NOT NULL
);
CREATE INDEX pins_by_email ON pins (email, made_at);
-- Single facts about the whole database.
CREATE TABLE marks (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL,
    digest {bytes}
);
INSERT INTO marks (name, value) VALUES ('accounts', 0), ('sessions', 0);
