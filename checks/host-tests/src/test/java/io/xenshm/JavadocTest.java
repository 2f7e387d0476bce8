package io.xenshm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.ModifiersTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What users see has a comment. The compiler checks what the comments say. */
class JavadocTest {
  private static final Path ROOT = Path.of("../..");
  private static final String MODULE = "src/main/module/module-info.java";
  private static final String SOURCES = "src/main/java";
  private static final Pattern EXPORTS = Pattern.compile("exports ([a-z.]+);");

  @ParameterizedTest
  @ValueSource(
      strings = {"netty-xenshm", "netty-xenshm-agent", "netty-xenshm-cli", "netty-xenshm-sim"})
  void everythingThatUsersSeeHasComment(String module) throws IOException {
    List<Path> sources = exportedSources(ROOT.resolve(module));
    assertFalse(sources.isEmpty(), "no exported package was found");
    assertEquals(List.of(), withoutComment(sources));
  }

  private static List<Path> exportedSources(Path directory) throws IOException {
    String module = Files.readString(directory.resolve(MODULE));
    List<Path> sources = new ArrayList<>();
    for (MatchResult exports : EXPORTS.matcher(module).results().toList()) {
      try (Stream<Path> files =
          Files.list(directory.resolve(SOURCES).resolve(exports.group(1).replace('.', '/')))) {
        files.filter(file -> file.toString().endsWith(".java")).forEach(sources::add);
      }
    }
    return sources;
  }

  private static List<String> withoutComment(List<Path> sources) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (StandardJavaFileManager files =
        compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
      JavacTask task =
          (JavacTask)
              compiler.getTask(
                  null, files, null, null, null, files.getJavaFileObjectsFromPaths(sources));
      Scanner scanner = new Scanner(DocTrees.instance(task));
      for (CompilationUnitTree unit : task.parse()) {
        scanner.scan(unit, null);
      }
      return scanner.found;
    }
  }

  /** Looks into what users see only: a class that they do not see hides what is in it. */
  private static final class Scanner extends TreePathScanner<Void, Void> {
    private final DocTrees comments;
    private final List<String> found = new ArrayList<>();

    Scanner(DocTrees comments) {
      this.comments = comments;
    }

    @Override
    public Void visitClass(ClassTree tree, Void unused) {
      if (!isVisible(tree.getModifiers())) {
        return null;
      }
      check(tree.getSimpleName());
      return super.visitClass(tree, null);
    }

    @Override
    public Void visitMethod(MethodTree tree, Void unused) {
      boolean overrides =
          tree.getModifiers().getAnnotations().stream()
              .anyMatch(a -> a.getAnnotationType().toString().equals("Override"));
      if (isVisible(tree.getModifiers()) && !overrides) {
        check(tree.getName());
      }
      return null;
    }

    @Override
    public Void visitVariable(VariableTree tree, Void unused) {
      boolean recordComponent =
          enclosingKind() == Tree.Kind.RECORD
              && !tree.getModifiers().getFlags().contains(Modifier.STATIC);
      if (isVisible(tree.getModifiers()) && !recordComponent) {
        check(tree.getName());
      }
      return null;
    }

    private boolean isVisible(ModifiersTree modifiers) {
      return modifiers.getFlags().contains(Modifier.PUBLIC)
          || modifiers.getFlags().contains(Modifier.PROTECTED)
          || enclosingKind() == Tree.Kind.INTERFACE;
    }

    private Tree.Kind enclosingKind() {
      return getCurrentPath().getParentPath().getLeaf().getKind();
    }

    private void check(CharSequence name) {
      if (comments.getDocComment(getCurrentPath()) == null) {
        CompilationUnitTree unit = getCurrentPath().getCompilationUnit();
        long position =
            comments.getSourcePositions().getStartPosition(unit, getCurrentPath().getLeaf());
        found.add(
            unit.getSourceFile().getName()
                + ":"
                + unit.getLineMap().getLineNumber(position)
                + ": "
                + name);
      }
    }
  }
}
