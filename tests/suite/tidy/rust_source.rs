//! Reads Rust source as tokens: which paths it names and which strings it holds. Comments do not count, nor do the paths
//! of `#[cfg(test)]` items; macros do. It knows nothing of this project's rules.

use proc_macro2::{Delimiter, Group, LexError, Spacing, TokenStream, TokenTree};

/// What one file says outside its comments and tests.
#[derive(Default)]
pub(crate) struct RustSource {
    /// Every path of two segments or more, groups of a `use` unfolded.
    pub(crate) paths: Vec<NamedPath>,
    /// Every string literal as written, quotes included; those of tests too.
    pub(crate) strings: Vec<String>,
    /// Lines where `async` or `.await` stands.
    pub(crate) async_lines: Vec<usize>,
    /// Modules declared in files of their own under `#[cfg(test)]`.
    pub(crate) test_modules: Vec<String>,
}

/// A path such as `crate::store::Store`, and where it stands.
pub(crate) struct NamedPath {
    pub(crate) segments: Vec<String>,
    /// Inline modules (`mod name { … }`) around it: each takes one `super` to leave.
    pub(crate) inside: Vec<String>,
    pub(crate) line: usize,
}

impl RustSource {
    pub(crate) fn parse(text: &str) -> Result<Self, LexError> {
        let mut source = Self::default();
        source.read(text.parse()?, &mut Vec::new());
        Ok(source)
    }

    fn read(&mut self, stream: TokenStream, inside: &mut Vec<String>) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            if let Some(attribute) = attribute_at(&tokens, at) {
                if is_cfg_test(attribute) {
                    at = self.skip_test_item(&tokens, at);
                    continue;
                }
                // Documentation is an attribute to the lexer, and prose to us.
                if !starts_with(attribute, "doc") {
                    self.read(attribute.stream(), inside);
                }
                at += if is_punct(&tokens, at + 1, '!') { 3 } else { 2 };
                continue;
            }
            match &tokens[at] {
                TokenTree::Ident(ident) if *ident == "mod" => at = self.read_module(&tokens, at, inside),
                TokenTree::Ident(ident) => {
                    if *ident == "async" || *ident == "await" {
                        self.async_lines.push(ident.span().start().line);
                    }
                    at = self.read_path(&tokens, at, &[], inside);
                }
                TokenTree::Group(group) => {
                    self.read(group.stream(), inside);
                    at += 1;
                }
                TokenTree::Literal(literal) => {
                    let written = literal.to_string();
                    if written.ends_with(['"', '#']) {
                        self.strings.push(written);
                    }
                    at += 1;
                }
                TokenTree::Punct(_) => at += 1,
            }
        }
    }

    /// `mod name { … }` adds a level; `mod name;` adds nothing.
    fn read_module(&mut self, tokens: &[TokenTree], at: usize, inside: &mut Vec<String>) -> usize {
        match (tokens.get(at + 1), tokens.get(at + 2)) {
            (Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) => {
                inside.push(name.to_string());
                self.read(body.stream(), inside);
                inside.pop();
                at + 3
            }
            _ => at + 1,
        }
    }

    /// Reads the path that starts at `at`, below `prefix` when it is part of a `use` group; returns where it ends.
    fn read_path(&mut self, tokens: &[TokenTree], at: usize, prefix: &[String], inside: &[String]) -> usize {
        let mut segments = prefix.to_vec();
        let mut next = at;
        loop {
            match &tokens.get(next) {
                Some(TokenTree::Ident(ident)) => segments.push(ident.to_string()),
                Some(TokenTree::Punct(punct)) if punct.as_char() == '*' && next > at => segments.push("*".to_owned()),
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace && next > at => {
                    self.read_use_group(group, &segments, inside);
                    return next + 1;
                }
                // `name::<T>` and the like: the path ends before the type arguments, which are read as tokens.
                _ => break,
            }
            next += 1;
            if !is_path_separator(tokens, next) {
                break;
            }
            next += 2;
        }
        if segments.len() > 1 {
            let line = tokens[at].span().start().line;
            self.paths.push(NamedPath { segments, inside: inside.to_vec(), line });
        }
        next.max(at + 1)
    }

    /// `prefix::{one, two::Three as Four, five::{…}}`
    fn read_use_group(&mut self, group: &Group, prefix: &[String], inside: &[String]) {
        let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            at = match &tokens[at] {
                TokenTree::Ident(ident) if *ident == "as" => at + 2,
                TokenTree::Ident(_) => self.read_path(&tokens, at, prefix, inside),
                TokenTree::Group(nested) => {
                    self.read_use_group(nested, prefix, inside);
                    at + 1
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => at + 1,
            };
        }
    }

    /// Steps over `#[cfg(test)]` and the item after it; over the rest of the file for `#![cfg(test)]`.
    fn skip_test_item(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        let item = at + 2;
        let ends = |token: &TokenTree| match token {
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            TokenTree::Punct(punct) => punct.as_char() == ';',
            _ => false,
        };
        let is_whole_file = is_punct(tokens, at + 1, '!');
        let end = tokens[item..].iter().position(ends).filter(|_| !is_whole_file);
        let end = end.map_or(tokens.len(), |length| item + length);
        let mut skipped = Self::default();
        skipped.read(tokens[item..tokens.len().min(end + 1)].iter().cloned().collect(), &mut Vec::new());
        self.strings.append(&mut skipped.strings);
        if let (true, Some(TokenTree::Ident(name))) = (is_punct(tokens, end, ';'), tokens.get(end - 1)) {
            let is_module = matches!(&tokens[end - 2], TokenTree::Ident(keyword) if *keyword == "mod");
            if is_module {
                self.test_modules.push(name.to_string());
            }
        }
        end + 1
    }
}

/// The brackets of `#[…]` or `#![…]` at `at`.
fn attribute_at(tokens: &[TokenTree], at: usize) -> Option<&Group> {
    if !is_punct(tokens, at, '#') {
        return None;
    }
    let brackets = if is_punct(tokens, at + 1, '!') { at + 2 } else { at + 1 };
    match tokens.get(brackets) {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket => Some(group),
        _ => None,
    }
}

fn is_cfg_test(attribute: &Group) -> bool {
    let written = attribute.stream().to_string();
    let words: Vec<&str> = written.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    words.first() == Some(&"cfg") && words.contains(&"test") && !words.contains(&"not")
}

fn starts_with(group: &Group, name: &str) -> bool {
    matches!(group.stream().into_iter().next(), Some(TokenTree::Ident(ident)) if ident == name)
}

fn is_punct(tokens: &[TokenTree], at: usize, character: char) -> bool {
    matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == character)
}

fn is_path_separator(tokens: &[TokenTree], at: usize) -> bool {
    let joined = matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.spacing() == Spacing::Joint);
    joined && is_punct(tokens, at, ':') && is_punct(tokens, at + 1, ':')
}

#[test]
fn paths_are_read_through_groups_globs_and_macros_but_not_from_comments_or_tests() {
    let source = RustSource::parse(
        r#"
        //! Says crate::comment::X.
        use crate::{domain::{Slot, Level as L}, store::*};
        /// Or crate::documentation::Y.
        fn f() { vec![crate::seal::open("crate::string::Z")]; a.collect::<Vec<crate::views::Row>>(); }
        mod inner { fn g() { super::super::web::page() } }
        #[cfg(test)]
        mod tests { use crate::booking::Booking; const READ: &str = "of a test"; }
        #[cfg(test)]
        mod samples;
        "#,
    )
    .unwrap();
    let named: Vec<String> = source.paths.iter().map(|path| path.segments.join("::")).collect();
    assert_eq!(
        named,
        [
            "crate::domain::Slot",
            "crate::domain::Level",
            "crate::store::*",
            "crate::seal::open",
            "crate::views::Row",
            "super::super::web::page"
        ]
    );
    assert_eq!(source.paths[5].inside, ["inner"]);
    assert_eq!(source.paths[0].line, 3);
    assert_eq!(source.strings, ["\"crate::string::Z\"", "\"of a test\""]);
    assert_eq!(source.test_modules, ["samples"]);
}
