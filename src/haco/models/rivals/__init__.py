"""Networks after other papers, for comparison; written from the papers, on our encoders."""
