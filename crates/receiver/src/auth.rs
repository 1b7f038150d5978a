//! The token that requests have to carry.

use std::fmt;

use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use subtle::ConstantTimeEq as _;

use crate::refusal::{Reason, Refusal};

#[cfg(test)]
mod tests;

/// A secret that every request carries, as `authorization: Bearer …`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A token; `None` if it is empty or cannot stand in a header.
    pub fn new(token: &str) -> Option<Token> {
        let fits = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Token(token.to_owned()))
    }

    /// Checks that the headers carry the token, in a time that tells nothing of it but its length.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let refuse = |message| Err(Refusal::new(Reason::Unauthenticated, message));
        let Some(value) = headers.get(AUTHORIZATION) else {
            return refuse("a token is needed, as in \"authorization: Bearer <token>\"");
        };
        let Some((scheme, token)) = value.as_bytes().split_at_checked(BEARER.len()) else {
            return refuse("the authorization is not \"Bearer <token>\"");
        };
        if !scheme.eq_ignore_ascii_case(BEARER) {
            return refuse("the authorization is not \"Bearer <token>\"");
        }
        match bool::from(token.trim_ascii().ct_eq(self.0.as_bytes())) {
            true => Ok(()),
            false => refuse("the token is not the right one"),
        }
    }
}

const BEARER: &[u8] = b"Bearer ";

/// Never shows the token.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}
