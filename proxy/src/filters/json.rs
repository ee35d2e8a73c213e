//! Texts within JSON: arguments of calls, which must be JSON again afterwards.

use serde_json::Value;

use super::{Blocked, Chosen};

impl Chosen {
    /// Looks at each text and number of a JSON text. Returns what may pass, if that is another one.
    pub(super) fn json(&self, text: &str) -> Result<Option<String>, Blocked> {
        let Ok(mut value) = serde_json::from_str(text) else { return self.text(text) };
        let changed = self.value(&mut value)?;
        Ok(changed.then(|| value.to_string()))
    }

    /// As above, in place. Returns whether something was replaced.
    pub(crate) fn value(&self, value: &mut Value) -> Result<bool, Blocked> {
        let masked = match value {
            Value::Null | Value::Bool(_) => None,
            Value::Number(number) => self.text(&number.to_string())?,
            Value::String(text) => self.text(text)?,
            Value::Array(items) => {
                return items
                    .iter_mut()
                    .try_fold(false, |changed, it| Ok(self.value(it)? || changed));
            }
            Value::Object(fields) => {
                let mut changed = false;
                for (name, it) in fields.iter_mut() {
                    // A name cannot be replaced without another meaning, only refused.
                    self.text(name)?;
                    changed |= self.value(it)?;
                }
                return Ok(changed);
            }
        };
        let changed = masked.is_some();
        if let Some(masked) = masked {
            *value = Value::String(masked);
        }
        Ok(changed)
    }
}
