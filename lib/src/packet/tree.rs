//! XML as a tree that is written back byte for byte.
