# %display_name%

%description%

    provisioning module load taskserv . %name%
    provisioning taskserv create %name% --check

Configuration: `schema/config.json`, explained in `docs/API.md`. How it gets onto a server: `install` in `manifest.yaml`.
