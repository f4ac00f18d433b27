# %display_name%

%description%

The taskserv installs its package, renders the files of `default/`, and keeps its systemd unit running. A second run
changes nothing when nothing differs.
