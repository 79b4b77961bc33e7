#include "config/logging.hpp"

#include <gmock/gmock.h>

#include <cstdint>
#include <string>
#include <vector>

#include "config/load.hpp"
#include "config/python_literal.hpp"

namespace pulse2::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Literal text(std::string value) {
  return {std::move(value)};
}
Literal number(std::int64_t value) {
  return {value};
}

std::vector<Literal> tuple_of(std::string_view written) {
  auto parsed = parse_tuple(written);
  EXPECT_TRUE(parsed.has_value()) << written;
  return parsed.value_or(std::vector<Literal>{});
}

TEST(ParseTuple, ReadsWhatArgsHold) {
  EXPECT_THAT(tuple_of("()"), IsEmpty());
  EXPECT_THAT(tuple_of(" ( \"/a.log\" , 'midnight',1, -7 ) # kept a week"),
              ElementsAre(text("/a.log"), text("midnight"), number(1), number(-7)));
  EXPECT_THAT(tuple_of("(sys.stderr,)"), ElementsAre(Literal{LiteralName{"sys.stderr"}}));
  EXPECT_THAT(
      tuple_of("(('localhost', 514), 3)"),
      ElementsAre(Literal{std::vector<Literal>{text("localhost"), number(514)}}, number(3)));
  EXPECT_THAT(tuple_of("(('a'), 1)"), ElementsAre(text("a"), number(1)));
}

TEST(ParseTuple, ReadsStringsAsPythonDoes) {
  EXPECT_THAT(tuple_of(R"(('a\n\t\\\'\x41\q',))"), ElementsAre(text("a\n\t\\'A\\q")));
  EXPECT_THAT(tuple_of(R"((r'a\n', u"b" 'c', ''))"),
              ElementsAre(text("a\\n"), text("bc"), text("")));
}

TEST(ParseTuple, RefusesEverythingElse) {
  for (const char* written : {"", "'a'", "('a')", "('a'", "('a',) x", "(a=1,)", "(f(),)", "(1+2,)",
                              "(1.5,)", "(12a,)", "('a',,)", "(,)", "('a\nb',)", R"(('\x4',))",
                              "[1]", "(99999999999999999999,)", "(((((1,),),),),)", "('", "('\\"}) {
    EXPECT_FALSE(parse_tuple(written).has_value()) << written;
  }
  EXPECT_FALSE(parse_tuple("('" + std::string(5000, 'a') + "',)").has_value());
}

TEST(CompileLineFormat, FindsFieldsAndTheirLayout) {
  const auto pieces = compile_line_format("%(asctime)s [%(levelname)-8s] 100%% %(process)05d");
  ASSERT_TRUE(pieces.has_value());
  ASSERT_THAT(*pieces, SizeIs(5));
  EXPECT_EQ((*pieces)[0].field, LineField::asctime);
  EXPECT_EQ((*pieces)[1].text, " [");
  EXPECT_EQ((*pieces)[2].width, 8);
  EXPECT_TRUE((*pieces)[2].left);
  EXPECT_EQ((*pieces)[3].text, "] 100% ");
  EXPECT_TRUE((*pieces)[4].zeros);
  EXPECT_EQ((*pieces)[4].conversion, 'd');
}

TEST(CompileLineFormat, RefusesWhatItCanNotFill) {
  for (const char* format : {"%(msg)s", "%s", "%", "%(message", "%(message)", "%(message)d",
                             "%(process)q", "%(message)999s", "%(message).201s"}) {
    EXPECT_FALSE(compile_line_format(format).has_value()) << format;
  }
}

/// A complete file with one handler of this class and these arguments.
std::string with_handler(const std::string& class_and_args) {
  return "[main]\n[loggers]\nkeys=root\n[handlers]\nkeys=h\n[formatters]\nkeys=f\n"
         "[logger_root]\nlevel=INFO\nhandlers=h\n[formatter_f]\nformat=%(asctime)s %(message)s\n"
         "[handler_h]\nlevel=DEBUG\nformatter=f\n" +
         class_and_args;
}

template <class Target>
Target target_of(const std::string& class_and_args) {
  const Loaded loaded = load(with_handler(class_and_args), "f.ini");
  EXPECT_THAT(loaded.errors, IsEmpty()) << loaded.errors.at(0).to_text();
  const HandlerPlan handler = loaded.settings.logging_plan.value_or(LoggingPlan{}).handlers.at(0);
  EXPECT_EQ(handler.level, LogLevel::debug);
  const auto* target = std::get_if<Target>(&handler.target);
  EXPECT_NE(target, nullptr) << class_and_args;
  return target == nullptr ? Target{} : *target;
}

TEST(Logging, KnowsTheClassesOfFiles) {
  EXPECT_FALSE(target_of<StreamTarget>("class=StreamHandler\nargs=()").standard_output);
  EXPECT_TRUE(target_of<StreamTarget>("class=StreamHandler\nargs=(sys.stdout,)").standard_output);
  const auto file = target_of<FileTarget>("class=FileHandler\nargs=('/l', 'w')");
  EXPECT_EQ(file.path, "/l");
  EXPECT_TRUE(file.truncate);
  EXPECT_EQ(target_of<FileTarget>("class=logging.handlers.WatchedFileHandler\nargs=('/m',)").path,
            "/m");
  const auto sized =
      target_of<SizeRotatedTarget>("class=handlers.RotatingFileHandler\nargs=('/l','a',5000,3)");
  EXPECT_EQ(sized.max_bytes, 5000);
  EXPECT_EQ(sized.backup_count, 3);
}

TEST(Logging, KnowsTheTimesOfRotation) {
  const std::string timed = "class=handlers.TimedRotatingFileHandler\nargs=";
  const auto midnight = target_of<TimeRotatedTarget>(timed + "('/l', 'midnight', 1, 7)");
  EXPECT_EQ(midnight.rule.unit, RotationUnit::midnight);
  EXPECT_EQ(midnight.backup_count, 7);
  const auto week = target_of<TimeRotatedTarget>(timed + "('/l', 'W6', 1, 4, None, False, True)");
  EXPECT_EQ(week.rule.unit, RotationUnit::week);
  EXPECT_EQ(week.rule.weekday, 6);
  EXPECT_TRUE(week.rule.utc);
  EXPECT_EQ(target_of<TimeRotatedTarget>(timed + "('/l',)").rule.unit, RotationUnit::hour);
}

TEST(Logging, KnowsSyslogAddresses) {
  const std::string syslog = "class=handlers.SysLogHandler\nargs=";
  EXPECT_EQ(target_of<SyslogTarget>(syslog + "()").host, "localhost");
  const auto local =
      target_of<SyslogTarget>(syslog + "('/dev/log', handlers.SysLogHandler.LOG_DAEMON)");
  EXPECT_EQ(local.socket, "/dev/log");
  EXPECT_EQ(local.facility, 3);
  const auto remote = target_of<SyslogTarget>(syslog + "(('logs.example', 5140), 'local7')");
  EXPECT_EQ(remote.port, 5140);
  EXPECT_EQ(remote.facility, 23);
  const std::string datagrams = "('/dev/log', 'daemon', handlers.socket.SOCK_DGRAM)";
  EXPECT_EQ(target_of<SyslogTarget>(syslog + datagrams).facility, 3);
}

TEST(Logging, RefusesArgumentsThatDoNotFitTheClass) {
  for (const char* wrong :
       {"class=FileHandler\nargs=()", "class=FileHandler\nargs=('l',)",
        "class=FileHandler\nargs=(sys.stderr,)", "class=FileHandler\nargs=('/l','r')",
        "class=StreamHandler\nargs=('/l',)",
        "class=handlers.RotatingFileHandler\nargs=('/l','a',-1)",
        "class=handlers.TimedRotatingFileHandler\nargs=('/l','noon')",
        "class=handlers.TimedRotatingFileHandler\nargs=('/l','midnight',0)",
        "class=handlers.SysLogHandler\nargs=('log',)",
        "class=handlers.SysLogHandler\nargs=(('h',0),)",
        "class=handlers.SysLogHandler\nargs=('/dev/log','nothing')",
        "class=handlers.SysLogHandler\nargs=('/dev/log','daemon',handlers.socket.SOCK_STREAM)",
        "class=handlers.NTEventLogHandler\nargs=('x',)", "class=handlers.SMTPHandler\nargs=()",
        "args=()"}) {
    EXPECT_THAT(load(with_handler(wrong), "f.ini").errors, SizeIs(1)) << wrong;
  }
}

TEST(Logging, ListsEveryMistakeWithItsLine) {
  const Loaded loaded = load(
      "[main]\n[loggers]\nkeys=root,imaging,gone\n[handlers]\nkeys=a\n[formatters]\nkeys=f\n"
      "[logger_root]\nlevel=LOUD\nhandlers=a,b\n[logger_imaging]\nlevel=INFO\npropagate=2\n"
      "[handler_a]\nclass=FileHandler\nlevel=0\nformatter=g\nargs=('x'\n"
      "[formatter_f]\nformat=%(nothing)s\n",
      "f.ini");
  std::vector<std::string> texts;
  for (const Diagnostic& error : loaded.errors)
    texts.push_back(error.to_text());
  EXPECT_THAT(
      texts,
      ElementsAre(HasSubstr("f.ini:3: [loggers] keys = root,imaging,gone: expected names"),
                  HasSubstr("f.ini:9: [logger_root] level = LOUD: expected NOTSET, DEBUG"),
                  HasSubstr("f.ini:10: [logger_root] handlers = a,b: expected names of `keys`"),
                  HasSubstr("f.ini:11: [logger_imaging] qualname: expected the logger's name"),
                  HasSubstr("f.ini:13: [logger_imaging] propagate = 2: expected 0 or 1"),
                  HasSubstr("f.ini:16: [handler_a] level = 0: expected NOTSET"),
                  HasSubstr("f.ini:17: [handler_a] formatter = g: expected a name"),
                  HasSubstr("f.ini:18: [handler_a] args = ('x': expected `,` or `)`"),
                  HasSubstr("f.ini:20: [formatter_f] format = %(nothing)s: expected only")));
}

TEST(Logging, NeedsARootLogger) {
  EXPECT_THAT(load("[main]\n[handlers]\nkeys=\n", "f").errors, SizeIs(1));
  EXPECT_THAT(load("[main]\n[loggers]\nkeys=\n[logger_root]\nhandlers=\n", "f").errors, SizeIs(1));
  EXPECT_FALSE(load("[main]\n", "f").settings.logging_plan.has_value());
}

/// The plan of two loggers; `imaging` has these lines more.
LoggingPlan two_loggers(const std::string& imaging) {
  const Loaded loaded = load(
      "[main]\n[loggers]\nkeys=root,imaging\n[handlers]\nkeys=a,b\n[logger_root]\nlevel=WARNING\n"
      "handlers=a\n[handler_a]\nclass=handlers.TimedRotatingFileHandler\nargs=('/l','midnight')\n"
      "[handler_b]\nclass=FileHandler\nargs=('/l',)\n"
      "[logger_imaging]\nqualname=imaging\nhandlers=b\n" +
          imaging,
      "f.ini");
  EXPECT_TRUE(loaded.ok());
  return loaded.settings.logging_plan.value_or(LoggingPlan{});
}

TEST(Logging, ResolvesPropagationAndLevels) {
  const LoggingPlan passing = two_loggers("");
  EXPECT_EQ(passing.imaging.level, LogLevel::warning);
  EXPECT_THAT(passing.imaging.handlers, ElementsAre(1U, 0U));
  const LoggingPlan keeping = two_loggers("propagate=0\nlevel=DEBUG\n");
  EXPECT_EQ(keeping.imaging.level, LogLevel::debug);
  EXPECT_THAT(keeping.imaging.handlers, ElementsAre(1U));
}

TEST(Logging, AddsStandardErrorOnceInTheForeground) {
  LoggingPlan plan = two_loggers("propagate=0\n");
  add_standard_error(plan);
  ASSERT_THAT(plan.handlers, SizeIs(3));
  EXPECT_THAT(plan.root.handlers, ElementsAre(0U, 2U));
  EXPECT_THAT(plan.imaging.handlers, ElementsAre(1U, 2U));
  LoggingPlan usual = default_logging(false);
  add_standard_error(usual);
  EXPECT_THAT(usual.root.handlers, ElementsAre(0U));
}

}  // namespace
}  // namespace pulse2::config
