/** The {@code xenshm} command. */
module io.xenshm.cli {
  requires io.xenshm.agent;
  requires io.xenshm.sim;
  requires info.picocli;

  exports io.xenshm.cli;

  opens io.xenshm.cli to
      info.picocli;
}
