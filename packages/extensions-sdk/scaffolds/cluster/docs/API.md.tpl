# Components

`cluster.yaml` lists them. A component of type `taskserv` takes the configuration of its taskserv under `config`.
