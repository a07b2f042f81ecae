//! The code of one pipeline's functions.

use bytes::Bytes;

use crate::aws::Bundle;
use crate::bundle::{ARCHITECTURE, Code, Use, load, of_function};
use crate::error::{Error, Result};
use crate::spec::{Architecture, Function, Loaded};

/// What a spec asks for, as Lambda calls it.
pub(super) fn architecture(function: &Function) -> Option<&'static str> {
    function.architecture.map(|architecture| match architecture {
        Architecture::X86_64 => "x86_64",
        Architecture::Arm64 => "arm64",
    })
}

/// What the functions run.
#[derive(Clone, Debug)]
pub struct Codes {
    consumer: Code,
    authorizer: Code,
    jwt_authorizer: Code,
}

impl Codes {
    /// Finds, or builds, what the spec asks for.
    ///
    /// # Errors
    /// As [`load`].
    pub fn load(loaded: &Loaded, to: Use) -> Result<Self> {
        let mut codes = Self::unbuilt();
        let consumer = loaded.spec.function().map(|function| of_function(function, &loaded.root, to)).transpose()?;
        if let Some(code) = consumer.flatten() {
            codes.consumer = code;
        }
        if loaded.spec.basic().is_some() {
            codes.authorizer = load("authorizer", &loaded.root, None, to)?;
        }
        if loaded.spec.has_jwt_authorizer() {
            codes.jwt_authorizer = load("jwt-authorizer", &loaded.root, None, to)?;
        }
        Ok(codes)
    }

    /// Why some of it does not start on Lambda, though it may on this machine.
    pub fn unfit(&self) -> Option<&Error> {
        self.all().into_iter().find_map(|code| code.unfit.as_ref())
    }

    /// Stands for code where none is deployed: drawings and policies do not depend on it.
    pub fn unbuilt() -> Self {
        let code = Code::program(String::new(), Bytes::new(), ARCHITECTURE.into(), None);
        Self { consumer: code.clone(), authorizer: code.clone(), jwt_authorizer: code }
    }

    /// The consumer's code.
    pub fn consumer(&self) -> &Code {
        &self.consumer
    }

    /// The code of authorizers of tokens.
    pub fn jwt_authorizer(&self) -> &Code {
        &self.jwt_authorizer
    }

    /// The authorizer's code.
    pub fn authorizer(&self) -> &Code {
        &self.authorizer
    }

    fn all(&self) -> [&Code; 3] {
        [&self.consumer, &self.authorizer, &self.jwt_authorizer]
    }

    /// All of it by its hash, as the function's kind looks it up.
    pub fn bundle(&self) -> Bundle {
        self.all().map(|code| (code.sha256.clone(), code.zip.clone())).into()
    }
}
