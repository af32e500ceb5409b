//! Documents every role agrees on: JSON Schemas, contexts, type metadata, Cedar schema and default policies
