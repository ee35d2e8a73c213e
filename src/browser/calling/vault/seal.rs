//! Sealing with the browser's own cryptography: AES-GCM under a key that no script can read.
//!
//! What a text belongs to is sealed with it: it opens for nothing else. It keeps nothing.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AesGcmParams, AesKeyGenParams, Crypto, CryptoKey, DedicatedWorkerGlobalScope, SubtleCrypto,
};

const AES: &str = "AES-GCM";
const KEY_BITS: u16 = 256;
const IV_BYTES: u32 = 12;

/// A text that only its key opens.
pub(super) struct Sealed {
    /// Never used twice.
    pub(super) iv: Uint8Array,
    pub(super) text: Uint8Array,
}

/// Makes a key that can be kept and used, and never read.
pub(super) async fn new_key() -> Option<CryptoKey> {
    let uses = Array::of2(&"encrypt".into(), &"decrypt".into());
    let params = AesKeyGenParams::new(AES, KEY_BITS);
    let made = subtle()?.generate_key_with_object(&params, false, &uses).ok()?;
    JsFuture::from(made).await.ok()?.dyn_into().ok()
}

pub(super) async fn close(key: &CryptoKey, text: &str, belongs_to: &str) -> Option<Sealed> {
    let iv = Uint8Array::new_with_length(IV_BYTES);
    crypto()?.get_random_values_with_js_u8_array(&iv).ok()?;
    let params = params(&iv, belongs_to);
    let closed = subtle()?.encrypt_with_object_and_u8_array(&params, key, text.as_bytes()).ok()?;
    let text = Uint8Array::new(&JsFuture::from(closed).await.ok()?);
    Some(Sealed { iv, text })
}

/// Returns none if the key is another one, or the text belongs to something else.
pub(super) async fn open(key: &CryptoKey, sealed: &Sealed, belongs_to: &str) -> Option<String> {
    let params = params(&sealed.iv, belongs_to);
    let opened = subtle()?.decrypt_with_object_and_js_u8_array(&params, key, &sealed.text).ok()?;
    String::from_utf8(Uint8Array::new(&JsFuture::from(opened).await.ok()?).to_vec()).ok()
}

fn params(iv: &Uint8Array, belongs_to: &str) -> AesGcmParams {
    let params = AesGcmParams::new_with_u8_array(AES, iv);
    params.set_additional_data_u8_array(&Uint8Array::from(belongs_to.as_bytes()));
    params
}

fn crypto() -> Option<Crypto> {
    js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>().ok()?.crypto().ok()
}

/// None where the address is not safe: there the browser has no such thing.
fn subtle() -> Option<SubtleCrypto> {
    let subtle = crypto()?.subtle();
    (!subtle.is_undefined()).then_some(subtle)
}
