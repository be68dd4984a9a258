//! Synthetic posts: families of texts made from a template by small edits, among unrelated texts.

/// The splitmix64 generator.
pub(crate) struct Rng(pub u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// True once in `n` times.
    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// A source of posts. About `related` of 100 are variants of one of the family's templates.
pub(crate) struct Posts {
    rng: Rng,
    vocabulary: Vec<String>,
    templates: Vec<Vec<u8>>,
    related: u64,
}

impl Posts {
    pub(crate) fn new(seed: u64, families: usize, related: u64) -> Self {
        let mut rng = Rng(seed);
        let vocabulary = (0..4_000).map(|_| word(&mut rng)).collect();
        let mut posts = Self { rng, vocabulary, templates: Vec::new(), related };
        posts.templates = (0..families).map(|_| posts.text()).collect();
        posts
    }

    /// An unrelated text of about 60 letters without spaces. Frequent words are more frequent, as in real texts.
    pub(crate) fn text(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        let target = 45 + self.rng.below(30) as usize;
        while text.len() < target {
            let size = self.vocabulary.len() as u64;
            let place = self.rng.below(size) * self.rng.below(size) / size;
            text.extend_from_slice(self.vocabulary[place as usize].as_bytes());
        }
        text
    }

    /// A variant: up to three letters changed, an ending cut or a tag appended.
    pub(crate) fn variant(&mut self, template: usize) -> Vec<u8> {
        let mut text = self.templates[template].clone();
        for _ in 0..self.rng.below(4) {
            let place = self.rng.below(text.len() as u64) as usize;
            text[place] = b'a' + self.rng.below(26) as u8;
        }
        if self.rng.one_in(3) {
            text.truncate(text.len() - self.rng.below(8) as usize);
        }
        if self.rng.one_in(3) {
            text.extend_from_slice(word(&mut self.rng).as_bytes());
        }
        text
    }

    /// The shingles of the next post.
    pub(crate) fn post(&mut self) -> Vec<u32> {
        let text = if self.rng.below(100) < self.related {
            let families = self.templates.len() as u64;
            let template = self.rng.below(families) as usize;
            self.variant(template)
        } else {
            self.text()
        };
        shingles(&text)
    }
}

fn word(rng: &mut Rng) -> String {
    let length = 3 + rng.below(7);
    (0..length).map(|_| char::from(b'a' + rng.below(26) as u8)).collect()
}

/// The hashed letter 4-grams of a text, sorted and distinct.
pub(crate) fn shingles(text: &[u8]) -> Vec<u32> {
    let hash = |gram: &[u8]| {
        let gram = gram.iter().fold(0, |packed, &letter| (packed << 8) | u64::from(letter));
        (Rng(gram).next() >> 32) as u32
    };
    let mut list: Vec<u32> = text.windows(4).map(hash).collect();
    list.sort_unstable();
    list.dedup();
    list
}
