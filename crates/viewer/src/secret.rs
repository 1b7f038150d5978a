//! What nobody can guess.

use std::fmt;
use std::io;

use subtle::ConstantTimeEq as _;

/// 160 random bits, as hexadecimal digits.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new() -> io::Result<Secret> {
        let mut bytes = [0; 20];
        // From the system: 160 bits that no other program can know or guess.
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        Ok(Secret(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// Whether that is it, in a time that tells nothing of it.
    pub(crate) fn is(&self, text: &str) -> bool {
        self.0.as_bytes().ct_eq(text.as_bytes()).into()
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

/// Never shows it.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_are_alike_and_none_is_shown() {
        let secrets: Vec<_> = (0..100).map(|_| Secret::new().expect("random bits")).collect();
        for (at, secret) in secrets.iter().enumerate() {
            assert_eq!(secret.reveal().len(), 40);
            assert!(secret.is(secret.reveal()) && !secret.is("") && !secret.is(&"0".repeat(40)));
            assert!(secrets[..at].iter().all(|other| !other.is(secret.reveal())));
            assert!(!format!("{secret:?}").contains(&secret.reveal()[..4]));
        }
    }
}
