//! Asking a running service: what a command line does.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use reqwest::{Method, RequestBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Refused, socket};

/// The way to the service of one data folder.
#[derive(Debug)]
pub struct Client {
    client: reqwest::Client,
    socket: PathBuf,
}

impl Client {
    /// The service of this data folder.
    ///
    /// # Errors
    /// When no client can be made.
    pub fn of(data: &Path) -> anyhow::Result<Self> {
        let socket = data.join(socket::FILE);
        // Nothing here is TLS: a machine without certificates of authorities is none the worse.
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).unix_socket(socket.as_path()).build()?;
        Ok(Self { client, socket })
    }

    /// Asks for something to be shown.
    ///
    /// # Errors
    /// When no service answers, or it refuses, and why.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        self.send(self.request(Method::GET, path)).await
    }

    /// Asks for something to be done.
    ///
    /// # Errors
    /// When no service answers, or it refuses, and why.
    pub(super) async fn post<T: DeserializeOwned>(&self, path: &str, order: &impl Serialize) -> anyhow::Result<T> {
        self.send(self.request(Method::POST, path).json(order)).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        // The host is the socket; the name is only there because HTTP asks for one.
        self.client.request(method, format!("http://aiguilleur{path}"))
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> anyhow::Result<T> {
        let answer = request.send().await.with_context(|| {
            format!(
                "aucun service ne répond sur {} : est-il démarré, avec cette configuration, et êtes-vous son utilisateur \
                 ou root ?",
                self.socket.display()
            )
        })?;
        if answer.status().is_success() {
            return answer
                .json()
                .await
                .context("le service répond autrement que cette version du programme ne l'attend");
        }
        match answer.json::<Refused>().await {
            Ok(Refused { error }) => bail!("{error}"),
            Err(error) => Err(error).context("le service a répondu de façon inattendue"),
        }
    }
}
