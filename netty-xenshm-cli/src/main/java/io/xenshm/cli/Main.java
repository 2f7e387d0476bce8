package io.xenshm.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/**
 * The {@code xenshm} command: {@code xenshm VERB ...}.
 *
 * <p>It ends with 0 when all went well, with 2 and one line on standard error where a verb or a
 * value is wrong, and with 1 and one line where the work itself failed.
 */
@Command(
    name = "xenshm",
    description = "Netty over Xen shared memory: tools for a host and its guests.",
    subcommands = {SimCommand.class, AgentCommand.class, PeersCommand.class, DoctorCommand.class})
public final class Main implements Runnable {
  /** Verbs that the launcher script answers by itself, separated by commas. */
  private static final String LAUNCHER_VERBS =
      System.getProperty("xenshm.cli.launcherVerbs", "").trim();

  @Spec private CommandSpec spec;

  @Parameters(arity = "0..*", hidden = true)
  private List<String> unknown = new ArrayList<>();

  private Main() {}

  /** Runs the command and ends the process. */
  public static void main(String[] arguments) {
    System.exit(commandLine().execute(arguments));
  }

  static CommandLine commandLine() {
    CommandLine commandLine = new CommandLine(new Main());
    if (!LAUNCHER_VERBS.isEmpty()) {
      commandLine.getCommandSpec().usageMessage().footer("Also: " + LAUNCHER_VERBS);
    }
    addHelpOption(commandLine);
    commandLine.getSubcommands().values().forEach(Main::addHelpOption);
    return commandLine
        .registerConverter(Integer.class, Main::wholeNumber)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(true)
        .setParameterExceptionHandler(Main::sayWhatIsRight)
        .setExecutionExceptionHandler(Main::sayWhatFailed);
  }

  /** No verb was given, or one that is not there. */
  @Override
  public void run() {
    CommandLine commandLine = spec.commandLine();
    String verbs = String.join(", ", verbs(commandLine));
    throw new ParameterException(
        commandLine,
        unknown.isEmpty()
            ? "a verb is missing; use one of: " + verbs
            : "unknown verb '" + unknown.get(0) + "'; use one of: " + verbs);
  }

  private static List<String> verbs(CommandLine commandLine) {
    List<String> verbs = new ArrayList<>(commandLine.getSubcommands().keySet());
    if (!LAUNCHER_VERBS.isEmpty()) {
      verbs.addAll(0, List.of(LAUNCHER_VERBS.split(",")));
    }
    return verbs;
  }

  private static void addHelpOption(CommandLine command) {
    command
        .getCommandSpec()
        .addOption(
            OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("Shows this text.")
                .build());
  }

  private static Integer wholeNumber(String text) {
    try {
      return Integer.valueOf(text);
    } catch (NumberFormatException e) {
      throw new TypeConversionException("'" + text + "' is not a whole number");
    }
  }

  private static int sayWhatIsRight(ParameterException failure, String[] arguments) {
    print(failure.getCommandLine(), failure.getMessage().replaceFirst("^Error: ", ""));
    return CommandLine.ExitCode.USAGE;
  }

  private static int sayWhatFailed(
      Exception failure, CommandLine commandLine, CommandLine.ParseResult arguments) {
    String message = failure.getMessage();
    print(commandLine, message == null ? failure.toString() : message);
    return CommandLine.ExitCode.SOFTWARE;
  }

  private static void print(CommandLine commandLine, String message) {
    PrintWriter err = commandLine.getErr();
    err.println(
        commandLine.getCommandSpec().qualifiedName()
            + ": "
            + message.replaceAll("\\s*\\R\\s*", " "));
  }
}
