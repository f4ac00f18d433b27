# Templates

Further texts that the taskserv offers to its users, such as examples of configuration. What is rendered onto servers
lies in `default/`.
