//! The observations of an alert: accounts, objects, ties, posts.

use shoal_model::{Alert, AlertObject};

use super::page::{TextPage, count};
use shoal_model::display::excerpt;

/// Symbols of a text that are shown.
const WIDTH: usize = 100;
/// The timeline's longest bar.
const BAR: u64 = 40;

/// Time, layers, accounts, context, timeline.
pub(super) fn observed(page: &mut TextPage, alert: &Alert) {
    let observed = &alert.observed;
    page.heading("What was seen");
    page.item(format!("from {} to {}", observed.window.start, observed.window.end));
    let layers: Vec<_> = observed.layers.iter().map(|layer| format!("{} {}", layer.layer, layer.objects)).collect();
    page.item(format!(
        "shared objects by layer: {}",
        if layers.is_empty() { "none".to_owned() } else { layers.join(", ") }
    ));
    let accounts = observed.accounts.len() as u64;
    let ties = observed.ties.count;
    page.item(format!("{} in {}", count(accounts, "account", "accounts"), count(ties, "tie", "ties")));
    for context in &observed.context {
        let why =
            if context.allow_listed { "on the allow-list" } else { "not significant, perhaps an innocent source" };
        let partners = count(context.partners, "account", "accounts");
        page.item(format!("context: {} shares objects with {partners} of the group; {why}", context.id));
    }
    let most = observed.timeline.iter().map(|bin| bin.posts).max().unwrap_or(0).max(1);
    for bin in &observed.timeline {
        let bar = "#".repeat((bin.posts * BAR).div_ceil(most) as usize);
        page.item(format!("{}  {:>6}  {bar}", bin.start, bin.posts));
    }
}

/// The ties between accounts.
pub(super) fn ties(page: &mut TextPage, alert: &Alert) {
    let ties = &alert.observed.ties;
    page.heading(&format!("Ties: the strongest {} of {}", ties.strongest.len(), ties.count));
    for tie in &ties.strongest {
        let [one, other] = &tie.accounts;
        page.item(format!(
            "{one} and {other}: {} in {}, {} apart in the median",
            count(tie.objects, "object", "objects"),
            count(tie.pairs, "pair of posts", "pairs of posts"),
            length(tie.median_seconds)
        ));
    }
}

/// The shared objects.
pub(super) fn objects(page: &mut TextPage, alert: &Alert) {
    page.heading("What they shared");
    for object in &alert.observed.objects {
        let lang = object.lang.as_ref().map_or_else(String::new, |lang| format!(" ({lang})"));
        let (accounts, posts) = (count(object.accounts, "account", "accounts"), count(object.posts, "post", "posts"));
        page.item(format!("{}{lang} by {accounts} in {posts}: {}", object.layer, excerpt(&object.label, WIDTH)));
    }
}

/// The posts of the evidence, with links.
pub(super) fn posts(page: &mut TextPage, alert: &Alert) {
    page.heading("Posts of the evidence");
    for post in &alert.observed.posts {
        let similarity = if post.similarity < 1.0 { format!(", {:.2} alike", post.similarity) } else { String::new() };
        let what = object(alert, &post.object)
            .map_or_else(String::new, |object| format!("{} “{}”", object.layer, excerpt(&object.label, 40)));
        let link = post.url.as_deref().unwrap_or("(no link known)");
        page.item(format!("{}  {}  {} on {what}{similarity}  {link}", post.at, post.account, post.id));
    }
}

/// The object with this key, where the alert lists it.
pub(super) fn object<'a>(alert: &'a Alert, key: &str) -> Option<&'a AlertObject> {
    alert.observed.objects.iter().find(|object| object.key == key)
}

/// A length of time in the unit that people would use.
fn length(seconds: f64) -> String {
    match seconds {
        ..120.0 => format!("{seconds:.0} s"),
        ..7_200.0 => format!("{:.0} min", seconds / 60.0),
        ..172_800.0 => format!("{:.1} h", seconds / 3_600.0),
        _ => format!("{:.1} d", seconds / 86_400.0),
    }
}
