import java.util.Map;
import java.util.regex.Pattern;
import org.apache.lucene.analysis.LowerCaseFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.email.UAX29URLEmailTokenizer;
import org.apache.lucene.analysis.miscellaneous.RemoveDuplicatesTokenFilter;
import org.apache.lucene.analysis.pattern.PatternCaptureGroupTokenFilter;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.index.analysis.AbstractTokenFilterFactory;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.AnalysisPlugin;
import org.elasticsearch.plugins.Plugin;

/**
 * The tokenizer and the filters that the index of users, roles and API keys names for mail addresses; the module that
 * has them is not on Maven Central. No test looks for a mail address.
 */
public final class AccountAnalysis extends Plugin implements AnalysisPlugin {
  private interface Wrap {
    TokenStream of(TokenStream input, Settings settings);
  }

  private static AnalysisProvider<TokenFilterFactory> filter(Wrap wrap) {
    return (indexSettings, environment, name, settings) ->
        new AbstractTokenFilterFactory(name) {
          @Override
          public TokenStream create(TokenStream input) {
            return wrap.of(input, settings);
          }
        };
  }

  @Override
  public Map<String, AnalysisProvider<TokenFilterFactory>> getTokenFilters() {
    return Map.of(
        "pattern_capture",
        filter((input, settings) -> {
          var patterns = settings.getAsList("patterns").stream().map(Pattern::compile).toArray(Pattern[]::new);
          return new PatternCaptureGroupTokenFilter(input, true, patterns);
        }),
        "lowercase", filter((input, settings) -> new LowerCaseFilter(input)),
        "unique", filter((input, settings) -> new RemoveDuplicatesTokenFilter(input)));
  }

  @Override
  public Map<String, AnalysisProvider<TokenizerFactory>> getTokenizers() {
    return Map.of(
        "uax_url_email",
        (indexSettings, environment, name, settings) -> TokenizerFactory.newFactory(name, UAX29URLEmailTokenizer::new));
  }
}
