//! General knowledge of addresses: parameters that only say how a link was shared, hosts that shorten
//! links, hosts that are another name of one.

/// Parameters that count visitors and sharers, whatever the site. Lower case, in order.
const TRACKING: [&str; 88] = [
    "__hsfp",
    "__hssc",
    "__hstc",
    "__s",
    "__twitter_impression",
    "_branch_match_id",
    "_branch_referrer",
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "_ke",
    "_openstat",
    "action_object_map",
    "action_ref_map",
    "action_type_map",
    "algo_expid",
    "algo_pvid",
    "at_campaign",
    "at_medium",
    "at_ptr_name",
    "cmpid",
    "cvid",
    "dclid",
    "dm_i",
    "ef_id",
    "epik",
    "fb_action_ids",
    "fb_action_types",
    "fb_ref",
    "fb_source",
    "fbclid",
    "gad_campaignid",
    "gad_source",
    "gbraid",
    "gclid",
    "gclsrc",
    "ggl_campaign",
    "gs_l",
    "guccounter",
    "guce_referrer",
    "guce_referrer_sig",
    "hsctatracking",
    "icid",
    "igsh",
    "igshid",
    "irclickid",
    "li_fat_id",
    "mbid",
    "mc_cid",
    "mc_eid",
    "mibextid",
    "mkt_tok",
    "ml_subscriber",
    "ml_subscriber_hash",
    "msclkid",
    "ncid",
    "ns_campaign",
    "ns_linkname",
    "ns_mchannel",
    "ns_source",
    "ocid",
    "oly_anon_id",
    "oly_enc_id",
    "rb_clickid",
    "ref_src",
    "ref_url",
    "s_cid",
    "s_kwcid",
    "sc_campaign",
    "sc_channel",
    "sc_cid",
    "sc_content",
    "sc_medium",
    "sc_src",
    "share_id",
    "smid",
    "smtyp",
    "soc_src",
    "soc_trk",
    "sr_share",
    "srsltid",
    "ttclid",
    "twclid",
    "vero_id",
    "wbraid",
    "wickedid",
    "yclid",
];

/// Families of such parameters: everything that begins so.
const TRACKING_PREFIXES: [&str; 7] = ["utm_", "hsa_", "mtm_", "matomo_", "pk_", "piwik_", "wt_"];

/// Parameters that say nothing on one site but may mean something elsewhere, by registrable domain.
const TRACKING_ON: [(&str, &[&str]); 8] = [
    (
        "facebook.com",
        &["__cft__[0]", "__tn__", "__xts__[0]", "fref", "hc_ref", "locale", "ref", "refid", "rdid", "sfnsn"],
    ),
    ("instagram.com", &["hl", "img_index", "utm"]),
    ("linkedin.com", &["lipi", "rcm", "trackingid", "trk"]),
    ("reddit.com", &["context", "rdt", "ref", "ref_source"]),
    ("tiktok.com", &["_d", "_r", "_t", "is_copy_url", "is_from_webapp", "lang", "sec_uid", "sender_device", "web_id"]),
    ("twitter.com", &["cn", "cxt", "ref", "s", "src", "t"]),
    ("vk.com", &["ref", "from"]),
    ("youtube.com", &["ab_channel", "app", "attr_tag", "embeds_referring_euri", "feature", "gl", "hl", "pp", "si"]),
];

/// Hosts whose addresses only lead on to others. In order.
const SHORTENERS: [&str; 84] = [
    "1url.com",
    "7ny.tv",
    "adf.ly",
    "amzn.eu",
    "amzn.to",
    "apne.ws",
    "bbc.in",
    "bit.do",
    "bit.ly",
    "bitly.com",
    "bl.ink",
    "buff.ly",
    "cbsn.ws",
    "clck.ru",
    "cnb.cx",
    "cnn.it",
    "cut.ly",
    "cutt.ly",
    "dlvr.it",
    "ebx.sh",
    "econ.st",
    "fb.me",
    "flip.it",
    "fw.to",
    "fxn.ws",
    "g.co",
    "gofund.me",
    "goo.gl",
    "goo.su",
    "hill.cm",
    "huff.to",
    "hubs.ly",
    "ift.tt",
    "interc.pt",
    "is.gd",
    "j.mp",
    "kck.st",
    "lnkd.in",
    "lnk.to",
    "mol.im",
    "n.pr",
    "nbcnews.to",
    "nyp.st",
    "nyti.ms",
    "on.cnn.com",
    "on.fb.me",
    "on.ft.com",
    "on.msnbc.com",
    "on.mktw.net",
    "on.rt.com",
    "on.wsj.com",
    "ow.ly",
    "owl.li",
    "pix.ly",
    "po.st",
    "politi.co",
    "qr.ae",
    "rb.gy",
    "rebrand.ly",
    "redd.it",
    "reut.rs",
    "s.id",
    "sck.io",
    "shar.es",
    "share.google",
    "shorturl.at",
    "shrtco.de",
    "smarturl.it",
    "snip.ly",
    "soo.gd",
    "t.co",
    "t.ly",
    "t.cn",
    "thebea.st",
    "theatln.tc",
    "tiny.cc",
    "tinyurl.com",
    "tmz.me",
    "trib.al",
    "u.to",
    "v.gd",
    "wapo.st",
    "wp.me",
    "youtu.be",
];

/// Hosts that are other names of one site.
const ALIASES: [(&str, &str); 3] =
    [("x.com", "twitter.com"), ("fxtwitter.com", "twitter.com"), ("vxtwitter.com", "twitter.com")];

/// Beginnings of the names of a site's other views: for small screens, for caches.
pub(crate) const VIEW_PREFIXES: [&str; 4] = ["www.", "m.", "mobile.", "amp."];

/// Tells whether a query parameter says only how the link was shared. `name` in lower case, `domain` registrable.
pub(crate) fn is_tracking(name: &str, domain: &str) -> bool {
    TRACKING.binary_search(&name).is_ok()
        || TRACKING_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || TRACKING_ON.iter().any(|(site, names)| *site == domain && names.contains(&name))
}

/// Tells whether `host` shortens links: its addresses say nothing of where they lead.
pub(crate) fn is_shortener(host: &str) -> bool {
    SHORTENERS.contains(&host)
}

/// The name of the site that `host` is another name of, or `host`.
pub(crate) fn main_name(host: &str) -> &str {
    ALIASES.iter().find(|(alias, _)| *alias == host).map_or(host, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_in_order_and_without_repeats() {
        assert!(TRACKING.is_sorted_by(|a, b| a < b));
        let mut shorteners = SHORTENERS.to_vec();
        shorteners.sort_unstable();
        shorteners.dedup();
        assert_eq!(shorteners.len(), SHORTENERS.len());
        assert!(TRACKING_ON.iter().all(|(site, _)| psl::domain_str(site) == Some(site)));
    }
}
