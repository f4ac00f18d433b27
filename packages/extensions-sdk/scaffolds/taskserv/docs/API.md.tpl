# Configuration of %display_name%

The fields, their types and defaults are in `schema/config.json`. `provisioning module info taskserv %name%` lists them.
