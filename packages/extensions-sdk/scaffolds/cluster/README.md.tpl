# %display_name%

%description%

    provisioning module load cluster . %name%
    provisioning cluster create %name% --check

The components and what each depends on are in `cluster.yaml`.
