# Changelog

## 0.1.0

- First version of %display_name%
