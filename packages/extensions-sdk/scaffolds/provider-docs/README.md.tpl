# %display_name%

%description%

    export %NAME%_TOKEN=…
    provisioning module load provider . %name%

`src/api.ts` holds the calls of the service; adapt its paths and answers to yours. `provisioning extension test .` runs
the conformance kit against the stand-in of the service in `tests/fixtures`.
