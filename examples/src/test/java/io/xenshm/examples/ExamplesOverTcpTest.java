package io.xenshm.examples;

class ExamplesOverTcpTest extends ExamplesScenarios {

  @Override
  Endpoint serverEndpoint() throws UsageException {
    return Endpoint.parse("tcp:127.0.0.1:0");
  }

  @Override
  Endpoint clientEndpoint(Endpoint bound) {
    return bound;
  }

  @Override
  Endpoint nobody() throws UsageException {
    return Endpoint.parse("tcp:127.0.0.1:1");
  }

  @Override
  String path() {
    return "TCP";
  }
}
