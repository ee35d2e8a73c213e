//! Signing in with a PIN by mail, and what a session is good for. The mail server is a real socket.

use std::time::Duration;

use easel_proxy::{
    accounts::{Accounts, Denied, NotAsked, NotSignedIn, PersonId, Post, Role, Scope},
    keys::Secret,
    store::audit::Audit,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpListener,
    sync::mpsc,
    time::timeout,
};

use super::place::{ANN, NOW_MS, Place};

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_by_mail_begins_a_session() {
    for place in Place::both().await {
        let (accounts, mut mail) = Mail::start(&place).await;
        let ann = person(&accounts, "ann@example.com").await;
        accounts.ask_pin(" Ann@Example.com", &mail.post, NOW_MS).await.unwrap();
        let letter = mail.next().await;
        assert!(letter.contains("To: ann@example.com\n"), "{letter}");
        assert!(letter.contains("From: Easel <easel@example.com>\n"), "{letter}");
        let pin = pin_of(&letter);
        let signed = accounts.sign_in("ANN@example.com", &pin, ANN, NOW_MS).await;
        let (token, visitor) = signed.unwrap();
        assert_eq!(visitor.person, ann);
        assert_eq!(accounts.visitor(token.expose(), NOW_MS), Ok(visitor));
        // A PIN is good for one time.
        let again = accounts.sign_in("ann@example.com", &pin, ANN, NOW_MS).await;
        assert!(matches!(again, Err(NotSignedIn::WrongPin)));

        let jwt = accounts.web_token(&visitor, NOW_MS);
        assert_eq!(accounts.visitor(jwt.expose(), NOW_MS), Ok(visitor));
        let later_ms = NOW_MS + 15 * MINUTE_MS;
        assert_eq!(accounts.visitor(jwt.expose(), later_ms), Err(Denied::Expired));
        let month_ms = NOW_MS + 30 * 24 * HOUR_MS;
        assert_eq!(accounts.visitor(token.expose(), month_ms - 1), Ok(visitor));
        assert_eq!(accounts.visitor(token.expose(), month_ms), Err(Denied::Expired));

        // It survives a start, and ends at once in every form.
        drop(accounts);
        let accounts = place.accounts().await;
        assert_eq!(accounts.visitor(token.expose(), NOW_MS), Ok(visitor));
        assert_eq!(accounts.sessions_of(ann, NOW_MS), [visitor]);
        accounts.end_session(visitor.session).await.unwrap();
        for token in [&token, &jwt] {
            assert_eq!(accounts.visitor(token.expose(), NOW_MS), Err(Denied::Unknown));
        }
        let entries = Audit::new(place.store().await).read(None, 1).await.unwrap();
        assert_eq!((entries[0].action.as_str(), entries[0].ip.as_str()), ("session.begin", ANN.ip));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_is_gone_has_no_session() {
    for place in Place::both().await {
        let (accounts, mut mail) = Mail::start(&place).await;
        let ann = person(&accounts, "ann@example.com").await;
        let (token, _) = sign_in(&accounts, &mut mail, "ann@example.com", NOW_MS).await;
        accounts.end(Scope::Person(ann), ANN, NOW_MS).await.unwrap();
        assert_eq!(accounts.visitor(token.expose(), NOW_MS), Err(Denied::Orphaned));
        // The address may come back with somebody else.
        let other = person(&accounts, "ann@example.com").await;
        assert_ne!(ann, other);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_can_be_tried_five_times_within_ten_minutes() {
    for place in Place::both().await {
        let (accounts, mut mail) = Mail::start(&place).await;
        person(&accounts, "ann@example.com").await;
        let try_pin = async |pin: &str, now_ms| {
            accounts.sign_in("ann@example.com", pin, ANN, now_ms).await.is_ok()
        };
        accounts.ask_pin("ann@example.com", &mail.post, NOW_MS).await.unwrap();
        let pin = pin_of(&mail.next().await);
        let wrong = if pin == "000000" { "000001" } else { "000000" };
        for _ in 0..5 {
            assert!(!try_pin(wrong, NOW_MS).await);
        }
        assert!(!try_pin(&pin, NOW_MS).await, "a sixth try");

        let second_ms = NOW_MS + MINUTE_MS;
        accounts.ask_pin("ann@example.com", &mail.post, second_ms).await.unwrap();
        let second = pin_of(&mail.next().await);
        assert!(!try_pin(&second, second_ms + 10 * MINUTE_MS).await, "too late");
        let third_ms = NOW_MS + 2 * MINUTE_MS;
        accounts.ask_pin("ann@example.com", &mail.post, third_ms).await.unwrap();
        let third = pin_of(&mail.next().await);
        assert!(second == third || !try_pin(&second, third_ms).await, "replaced");
        for _ in 0..3 {
            assert!(!try_pin(wrong, third_ms).await);
        }
        assert!(try_pin(&third, third_ms).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_tries_at_once_are_many_tries() {
    for place in Place::both().await {
        let (accounts, mut mail) = Mail::start(&place).await;
        person(&accounts, "ann@example.com").await;
        accounts.ask_pin("ann@example.com", &mail.post, NOW_MS).await.unwrap();
        let pin = pin_of(&mail.next().await);
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..30 {
            let accounts = std::sync::Arc::clone(&accounts);
            let guess = format!("{number:06}");
            tasks.spawn(async move {
                accounts.sign_in("ann@example.com", &guess, ANN, NOW_MS).await.is_ok()
            });
        }
        tasks.join_all().await;
        let signed = accounts.sign_in("ann@example.com", &pin, ANN, NOW_MS).await;
        assert!(signed.is_err());
        let entries = Audit::new(place.store().await).read(None, 100).await.unwrap();
        let refused = entries.iter().filter(|it| it.action == "session.refused").count();
        assert!(refused <= 5, "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pins_are_limited_for_strangers_as_for_people() {
    for place in Place::both().await {
        let (accounts, mut mail) = Mail::start(&place).await;
        person(&accounts, "ann@example.com").await;
        for email in ["ann@example.com", "stranger@example.com"] {
            let ask = async |now_ms| match accounts.ask_pin(email, &mail.post, now_ms).await {
                Ok(()) => 0,
                Err(NotAsked::TooOften { retry_after_secs }) => retry_after_secs,
                Err(err) => panic!("{err}"),
            };
            assert_eq!(ask(NOW_MS).await, 0);
            assert_eq!(ask(NOW_MS + 1000).await, 59);
            for minute in 1..5 {
                assert_eq!(ask(NOW_MS + minute * MINUTE_MS).await, 0, "{email}");
            }
            assert_eq!(ask(NOW_MS + 10 * MINUTE_MS).await, 50 * 60, "{email}");
            assert_eq!(ask(NOW_MS + HOUR_MS).await, 0, "{email}");
        }
        for _ in 0..6 {
            assert!(mail.next().await.contains("To: ann@example.com"));
        }
        assert!(mail.none().await, "a stranger got a mail");
        let none = accounts.ask_pin("nobody", &mail.post, NOW_MS).await;
        assert!(matches!(none, Err(NotAsked::NoAddress)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_has_so_many_sessions_and_no_more() {
    let place = Place::sqlite();
    let (accounts, mut mail) = Mail::start(&place).await;
    let ann = person(&accounts, "ann@example.com").await;
    let (first, _) = sign_in(&accounts, &mut mail, "ann@example.com", NOW_MS).await;
    for hour in 1..=20 {
        sign_in(&accounts, &mut mail, "ann@example.com", NOW_MS + hour * HOUR_MS).await;
    }
    assert_eq!(accounts.sessions_of(ann, NOW_MS).len(), 20);
    assert_eq!(accounts.visitor(first.expose(), NOW_MS), Err(Denied::Unknown));
    accounts.tidy(NOW_MS + 31 * 24 * HOUR_MS).await.unwrap();
    assert_eq!(accounts.sessions_of(ann, NOW_MS), []);
}

async fn person(accounts: &Accounts, email: &str) -> PersonId {
    let known = accounts.directory().organisations.keys().next().copied();
    let organisation = match known {
        Some(known) => known,
        None => accounts.make_organisation("Team", ANN, NOW_MS).await.unwrap(),
    };
    let person = accounts.make_person("Ann", Some(email), ANN, NOW_MS).await.unwrap();
    let role = Some(Role::Member);
    accounts.set_role(person, organisation, None, role, ANN, NOW_MS).await.unwrap();
    person
}

async fn sign_in(
    accounts: &Accounts,
    mail: &mut Mail,
    email: &str,
    now_ms: u64,
) -> (Secret, easel_proxy::accounts::Visitor) {
    accounts.ask_pin(email, &mail.post, now_ms).await.unwrap();
    let pin = pin_of(&mail.next().await);
    accounts.sign_in(email, &pin, ANN, now_ms).await.unwrap()
}

fn pin_of(letter: &str) -> String {
    let lines: Vec<_> = letter
        .lines()
        .filter(|it| it.len() == 6 && it.bytes().all(|it| it.is_ascii_digit()))
        .collect();
    assert_eq!(lines.len(), 1, "{letter}");
    lines[0].to_owned()
}

struct Mail {
    post: Post,
    letters: mpsc::Receiver<String>,
}

impl Mail {
    async fn start(place: &Place) -> (std::sync::Arc<Accounts>, Self) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = format!("smtp://{}", listener.local_addr().unwrap());
        let (sender, letters) = mpsc::channel(100);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(receive(stream, sender.clone()));
            }
        });
        let post = Post::mail(&server, "Easel <easel@example.com>").unwrap();
        (place.accounts().await, Self { post, letters })
    }

    async fn next(&mut self) -> String {
        timeout(Duration::from_secs(10), self.letters.recv()).await.unwrap().unwrap()
    }

    async fn none(&mut self) -> bool {
        timeout(Duration::from_millis(300), self.letters.recv()).await.is_err()
    }
}

/// As much of a mail server as one letter needs.
async fn receive(stream: tokio::net::TcpStream, letters: mpsc::Sender<String>) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 here\r\n").await.unwrap();
    while let Some(line) = lines.next_line().await.unwrap() {
        let answer = match line.split(' ').next().unwrap() {
            "DATA" => {
                write.write_all(b"354 go on\r\n").await.unwrap();
                let mut letter = String::new();
                loop {
                    let line = lines.next_line().await.unwrap().unwrap();
                    if line == "." {
                        break;
                    }
                    letter += &(line + "\n");
                }
                letters.send(letter).await.unwrap();
                "250 kept\r\n"
            }
            "QUIT" => "221 bye\r\n",
            _ => "250 yes\r\n",
        };
        write.write_all(answer.as_bytes()).await.unwrap();
    }
}
