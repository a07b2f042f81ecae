//! The table of kinds: the only place where the engine and AWS's resources meet.

