"""Losses, class weights, metrics, calibration and training."""
