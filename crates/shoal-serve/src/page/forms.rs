//! Parts of forms.

use maud::{Markup, html};
use shoal_model::{Layer, Timestamp};
use shoal_share::FileFormat;

use super::humanize;
use super::links::Query;

/// A field for a text, with its label above it. `hint` is what could stand in it.
pub(super) fn text(name: &str, label: &str, value: &str, hint: &str) -> Markup {
    html! {
        label.field { span { (label) }
            input type="text" name=(name) value=(value) autocomplete="off"
                placeholder=[(!hint.is_empty()).then_some(hint)];
        }
    }
}

/// A field for a number.
pub(super) fn number(name: &str, label: &str, value: Option<String>) -> Markup {
    html! {
        label.field { span { (label) } input.short type="number" name=(name) min="0" step="any" value=[value]; }
    }
}

/// A field for a time.
pub(super) fn time(name: &str, label: &str, value: Option<Timestamp>) -> Markup {
    text(name, label, &value.map_or_else(String::new, |value| value.to_string()), "2026-03-02")
}

/// A choice. The first option is taken when nothing was said.
pub(super) fn choice(name: &str, label: &str, chosen: &str, options: &[(&str, &str)]) -> Markup {
    let known = options.iter().any(|(value, _)| *value == chosen);
    html! {
        label.field { span { (label) }
            select name=(name) {
                @for (value, words) in options { option value=(value) selected[*value == chosen] { (words) } }
                @if !known { option value=(chosen) selected { (chosen) } }
            }
        }
    }
}

/// A choice of layers.
pub(super) fn layer(chosen: Option<Layer>) -> Markup {
    let mut options = vec![("", "any")];
    options.extend(Layer::ALL.map(|layer| (layer.name(), layer.noun(0))));
    choice("layer", "Shared", chosen.map_or("", Layer::name), &options)
}

/// A number of objects of a layer.
pub(super) fn objects(layer: Layer, number: u64) -> String {
    format!("{} {}", humanize::count(number), layer.noun(number))
}

/// Links to a file in each format, with this between them.
pub(super) fn formats<F: FileFormat>(query: &Query, path: &str, between: &str) -> Markup {
    html! {
        @for (at, format) in F::ALL.iter().map(|format| format.facts()).enumerate() {
            @if at > 0 { (between) }
            a href=(query.clone().and("format", format.name).at(path)) { (format.title) }
        }
    }
}

/// Filters that narrow a list, each with a link to remove it.
pub(super) fn chosen(query: &Query, path: &str, ignored: &[&str]) -> Markup {
    let pairs: Vec<_> = query.pairs().filter(|(name, _)| !ignored.contains(name)).collect();
    html! {
        @if !pairs.is_empty() {
            ul.chosen aria-label="What narrows this list" {
                @for (name, value) in pairs {
                    li {
                        (name.replace('_', " ")) ": " (super::untrusted::name(value)) " "
                        a href=(query.without(&[name, "cursor"]).at(path)) {
                            span.vh { "Remove " (name.replace('_', " ")) } span aria-hidden="true" { "×" }
                        }
                    }
                }
                li { a href=(path) { "Remove all" } }
            }
        }
    }
}

/// The way to the next page, and back to the first.
pub(super) fn pages(query: &Query, path: &str, next: Option<&str>) -> Markup {
    let first = query.pairs().all(|(name, _)| name != "cursor");
    html! {
        @if next.is_some() || !first {
            nav.pages aria-label="Pages" {
                @if !first { a href=(query.without(&["cursor"]).at(path)) { "First page" } }
                @if let Some(next) = next { a rel="next" href=(query.with("cursor", next).at(path)) { "Next page" } }
            }
        }
    }
}
