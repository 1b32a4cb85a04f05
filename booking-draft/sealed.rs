//! Where sealed data meets the store: what describes or names a patient goes in and comes out here, and nowhere else.
