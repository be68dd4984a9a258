//! Union-find over clusters, with nodes that are freed when nothing points to them.

/// A node of the forest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ForestNode(u32);

#[derive(Debug, Clone, Copy)]
struct ForestEntry {
    /// The parent; a root is its own.
    up: u32,
    /// The number of texts and nodes that point here.
    holds: u32,
    /// For a root, the cluster's name.
    name: u64,
}

/// Trees of nodes, one per cluster, whose roots carry the clusters' names. Smaller trees are hung below larger ones, so
/// paths are short. Which number a node has is nobody's concern.
#[derive(Debug, Clone, Default)]
pub(super) struct Forest {
    entries: Vec<ForestEntry>,
    free: Vec<u32>,
}

impl Forest {
    /// A new root that nothing points to yet: `retain` it before anything else.
    pub(super) fn plant(&mut self, name: u64) -> ForestNode {
        let place = self.free.pop().unwrap_or(self.entries.len() as u32);
        let entry = ForestEntry { up: place, holds: 0, name };
        match self.entries.get_mut(place as usize) {
            Some(freed) => *freed = entry,
            None => self.entries.push(entry),
        }
        ForestNode(place)
    }

    /// The root above a node.
    pub(super) fn root(&self, node: ForestNode) -> ForestNode {
        let mut place = node.0;
        while self.entries[place as usize].up != place {
            place = self.entries[place as usize].up;
        }
        ForestNode(place)
    }

    /// The name that a root carries.
    pub(super) fn name(&self, root: ForestNode) -> u64 {
        self.entries[root.0 as usize].name
    }

    /// Adds a hold on a node.
    pub(super) fn retain(&mut self, node: ForestNode) {
        self.entries[node.0 as usize].holds += 1;
    }

    /// Moves a hold from a node up to its root, which is returned.
    pub(super) fn climb(&mut self, node: ForestNode) -> ForestNode {
        let root = self.root(node);
        if root != node {
            self.retain(root);
            self.release(node);
        }
        root
    }

    /// Ends a hold. Nodes without holds are freed; if that frees a root, its name and the root.
    pub(super) fn release(&mut self, node: ForestNode) -> Option<(u64, ForestNode)> {
        let mut place = node.0;
        loop {
            let entry = &mut self.entries[place as usize];
            entry.holds -= 1;
            if entry.holds != 0 {
                return None;
            }
            self.free.push(place);
            if entry.up == place {
                return Some((entry.name, ForestNode(place)));
            }
            place = entry.up;
        }
    }

    /// Makes one tree of two; the root of it carries `name`.
    pub(super) fn join(&mut self, left: ForestNode, right: ForestNode, name: u64) -> ForestNode {
        let heavier = self.entries[left.0 as usize].holds >= self.entries[right.0 as usize].holds;
        let (top, below) = if heavier { (left, right) } else { (right, left) };
        self.entries[below.0 as usize].up = top.0;
        self.retain(top);
        self.entries[top.0 as usize].name = name;
        top
    }

    pub(super) fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<ForestEntry>() + self.free.capacity() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(forest: &mut Forest, name: u64) -> ForestNode {
        let node = forest.plant(name);
        forest.retain(node);
        node
    }

    #[test]
    fn joined_trees_share_a_root_and_a_name() {
        let mut forest = Forest::default();
        let (a, b, c) = (held(&mut forest, 1), held(&mut forest, 2), held(&mut forest, 3));
        let ab = forest.join(a, b, 2);
        let abc = forest.join(c, ab, 3);
        assert_eq!([a, b, c].map(|node| forest.root(node)), [abc; 3]);
        assert_eq!(forest.name(abc), 3);
    }

    #[test]
    fn nodes_are_freed_and_used_again() {
        let mut forest = Forest::default();
        let (a, b) = (held(&mut forest, 1), held(&mut forest, 2));
        let root = forest.join(a, b, 1);
        assert_eq!(forest.release(root), None);
        let below = if root == a { b } else { a };
        assert_eq!(forest.release(below), Some((1, root)));
        held(&mut forest, 5);
        held(&mut forest, 6);
        assert_eq!((forest.entries.len(), forest.free.len()), (2, 0));
    }

    #[test]
    fn climbing_moves_the_hold() {
        let mut forest = Forest::default();
        let (a, b) = (held(&mut forest, 1), held(&mut forest, 2));
        let root = forest.join(a, b, 1);
        let below = if root == a { b } else { a };
        assert_eq!(forest.climb(below), root);
        assert_eq!((forest.free.len(), forest.climb(root)), (1, root));
        assert!(forest.bytes() >= 2 * size_of::<ForestEntry>());
    }
}
