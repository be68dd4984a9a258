//! The table of posts.

use shoal_index::FoundPost;
use shoal_model::Post;

use super::schema::{Cell, TableSchema};

/// The table of posts, the first five columns as 4CAT calls them: `id`, `thread_id` (the post that is answered, else
/// the post itself), `author`, `timestamp` (when it was seen), `body`, `author_name`, `created_at` (as claimed),
/// `platform`, `lang`, `kind`, `repost_of`, `repost_from`, `reply_to`, `quote_of`, `links` (separated by spaces),
/// `url`, `cluster`, `text_key`, `similarity`, `score`, and of the account and the post as the platform shows them
/// `display_name`, `profile_url`, `client`, `automated`, `verified`, `affiliation`, `author_created_at`, `media`
/// (separated by spaces).
#[derive(Debug)]
pub enum PostTable {}

impl TableSchema for PostTable {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "thread_id",
        "author",
        "timestamp",
        "body",
        "author_name",
        "created_at",
        "platform",
        "lang",
        "kind",
        "repost_of",
        "repost_from",
        "reply_to",
        "quote_of",
        "links",
        "url",
        "cluster",
        "text_key",
        "similarity",
        "score",
        "display_name",
        "profile_url",
        "client",
        "automated",
        "verified",
        "affiliation",
        "author_created_at",
        "media",
    ];

    type Row<'a> = FoundPost;

    fn cells(found: &FoundPost) -> Vec<Cell<'_>> {
        let post = &found.post;
        let platform = Post::split_id(&post.id).map_or("", |(platform, _)| platform);
        vec![
            Cell::foreign(&post.id),
            Cell::foreign(post.reply_to.as_ref().unwrap_or(&post.id)),
            Cell::foreign(&post.author),
            Cell::plain(post.observed_at),
            Cell::foreign(&post.text),
            Cell::foreign_or_empty(post.handle.as_deref()),
            Cell::plain_or_empty(post.created_at),
            Cell::foreign(platform),
            Cell::foreign(&post.lang),
            Cell::plain(post.kind.name()),
            Cell::foreign_or_empty(post.repost_of.as_deref()),
            Cell::foreign_or_empty(post.repost_from.as_deref()),
            Cell::foreign_or_empty(post.reply_to.as_deref()),
            Cell::foreign_or_empty(post.quote_of.as_deref()),
            Cell::joined(&post.urls, " "),
            Cell::foreign_or_empty(post.url.as_deref()),
            Cell::foreign_or_empty(found.cluster.as_deref()),
            Cell::foreign_or_empty(post.text_key.as_deref()),
            Cell::plain_or_empty(found.similarity),
            Cell::plain_or_empty(found.score),
            Cell::foreign_or_empty(post.display_name.as_deref()),
            Cell::foreign_or_empty(post.profile_url.as_deref()),
            Cell::foreign_or_empty(post.client.as_deref()),
            Cell::plain_or_empty(post.automated),
            Cell::plain_or_empty(post.verified),
            Cell::foreign_or_empty(post.affiliation.as_deref()),
            Cell::plain_or_empty(post.author_created_at),
            Cell::joined(&post.media, " "),
        ]
    }
}
