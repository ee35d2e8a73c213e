//! Signatures for Amazon's providers (Signature Version 4).
//!
//! A key is either an API key of Bedrock's, sent as a bearer, or `ACCESS:SECRET` with a session
//! token behind a second colon. Nothing here reads a profile or asks a metadata server.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use bytes::Bytes;
use http::{HeaderValue, Request, header};
use http_body_util::Full;

use crate::keys::Secret;

const SERVICE: &str = "bedrock";

/// Adds what proves who asks. `body` is what the request holds.
pub(super) fn authorize(
    request: &mut Request<Full<Bytes>>,
    body: &[u8],
    key: &Secret,
    region: &str,
    now: SystemTime,
) -> Result<(), &'static str> {
    let Some(credentials) = credentials(key.expose()) else {
        return bearer(request, key.expose());
    };
    let identity = credentials.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(SERVICE)
        .time(now)
        .settings(SigningSettings::default())
        .build()
        .ok()
        .ok_or("its signature cannot be made")?
        .into();
    let uri = request.uri().to_string();
    let signable = SignableRequest::new(
        request.method().as_str(),
        uri,
        std::iter::empty(),
        SignableBody::Bytes(body),
    );
    let signed = signable.and_then(|it| sign(it, &params));
    let (instructions, _) = signed.ok().ok_or("it cannot be signed")?.into_parts();
    instructions.apply_to_request_http1x(request);
    Ok(())
}

fn bearer(request: &mut Request<Full<Bytes>>, key: &str) -> Result<(), &'static str> {
    let mut value = HeaderValue::from_str(&format!("Bearer {key}"))
        .ok()
        .ok_or("its key holds characters that no key has")?;
    value.set_sensitive(true);
    request.headers_mut().insert(header::AUTHORIZATION, value);
    Ok(())
}

fn credentials(key: &str) -> Option<Credentials> {
    let (access, rest) = key.split_once(':')?;
    let (secret, session) = match rest.split_once(':') {
        Some((secret, session)) => (secret, Some(session.to_owned())),
        None => (rest, None),
    };
    Some(Credentials::new(access, secret, session, None, "easel"))
}

/// The region in an address such as `https://bedrock-runtime.eu-west-1.amazonaws.com`.
pub(super) fn region(address: &str) -> &str {
    let host = address.split("://").nth(1).unwrap_or(address);
    host.split('.').nth(1).filter(|_| host.contains(".amazonaws.com")).unwrap_or("us-east-1")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_pair_of_keys_signs_and_an_api_key_is_a_bearer() {
        let signed = authorized("AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY:session");
        let authorization = signed["authorization"].to_str().unwrap();
        assert!(
            authorization.starts_with(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-west-1/bedrock/aws4_request"
            ),
            "{authorization}"
        );
        assert_eq!(signed["x-amz-date"], "20150830T123600Z");
        assert_eq!(signed["x-amz-security-token"], "session");
        assert_eq!(authorized("ABSKexample")["authorization"], "Bearer ABSKexample");
    }

    #[test]
    fn a_region_is_read_from_the_address() {
        assert_eq!(region("https://bedrock-runtime.eu-west-1.amazonaws.com"), "eu-west-1");
        assert_eq!(region("http://127.0.0.1:9000"), "us-east-1");
    }

    fn authorized(key: &str) -> http::HeaderMap {
        let uri = "https://bedrock-runtime.eu-west-1.amazonaws.com/model/a%3A0/converse";
        let mut request = Request::post(uri).body(Full::new(Bytes::from_static(b"{}"))).unwrap();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_440_938_160);
        authorize(&mut request, b"{}", &Secret::new(key), "eu-west-1", now).unwrap();
        request.headers().clone()
    }
}
