//! What a device keeps and who may open it: key hierarchy, factors, sealed keys, crash-safe store, clock and entropy; performs disk I/O, never network I/O
