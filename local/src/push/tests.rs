//! Deliveries from the inbox to their end, with an endpoint and functions that the tests make up.
