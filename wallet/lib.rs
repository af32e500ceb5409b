//! The holder: holds, presents with consent, keeps history; performs disk I/O through the vault, never network I/O
