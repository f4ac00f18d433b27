# %display_name%

%description%
