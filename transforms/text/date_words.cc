// SPDX-License-Identifier: Apache-2.0
#include "transforms/text/date_words.h"

#include <array>
#include <unordered_map>

namespace newswire::text {
namespace {

// Names and abbreviations by month, accents removed: English, French, German, Spanish, Portuguese,
// Italian, Catalan, Dutch, Swedish, Danish, Norwegian, Finnish, Polish, Czech, Slovak, Hungarian,
// Romanian, Croatian, Turkish, Indonesian, Russian, Ukrainian, Bulgarian, Greek, Arabic, Hindi,
// Hebrew, Persian spelling of the Gregorian months, Estonian, Latvian, Lithuanian.
constexpr std::array<std::string_view, 12> kMonths = {
    "jan january janv janvier januar janner jaenner ene enero janeiro gen gennaio gener januari "
    "tammikuu tammikuuta tammi stycznia styczen sty ledna leden januara januar ianuarie ian "
    "sijecanj sijecnja ocak oca янв январь января сiч січ сiчня січня сiчень січень януари ян ιαν "
    "ιανουαριος ιανουαριου يناير جانفي जनवरी ינואר ژانویه jaanuar janvaris sausio jan",
    "feb february fevr fev fevrier februar febrero fevereiro febbraio febrer febr februari "
    "helmikuu helmikuuta helmi lutego luty lut unora unor februara februarie veljaca veljace subat "
    "sub pebruari фев февр февраль февраля лют лютого лютий февруари φεβ φεβρουαριος φεβρουαριου "
    "فبراير فيفري फरवरी פברואר فوریه veebruar februaris vasario",
    "march marz maerz mrz marzo mars marco maart mrt maaliskuu maaliskuuta maalis marca marzec "
    "brezna brezen marcius marc martie ozujak ozujka mart maret мар марта март бер березня "
    "березень μαρ μαρτ μαρτιος μαρτιου μαω مارس मार्च מרץ מרס martius marts kovo",
    "apr april avr avril abr abril aprile huhtikuu huhtikuuta huhti kwietnia kwiecien kwi dubna "
    "duben aprila aprilis apr aprilie travanj travnja nisan nis апр апрель апреля квiт квіт квiтня "
    "квітня квітень април απρ απριλιος απριλιου أبريل ابريل أفريل अप्रैल אפריל آوریل aprill "
    "balandzio",
    "may mai mayo maio maggio mag maig mei maj toukokuu toukokuuta touko maja kvetna kveten majus "
    "svibanj svibnja mayis may maya май мая мае тра травня травень μαι μαιος μαιου مايو ماي मई מאי "
    "مه mayo geguzes maijs",
    "jun june juin juni junio junho giugno giu juny kesakuu kesakuuta kesa czerwca czerwiec cze "
    "cervna cerven juna junius iunie iun lipanj lipnja haziran haz июн июнь июня чер червня "
    "червень "
    "юни ιουν ιον ιουνιος ιουνιου يونيو جوان जून יוני ژوئن juuni junijs birzelio",
    "jul july juil juillet juli julio julho luglio lug juliol heinakuu heinakuuta heina lipca "
    "lipiec lip cervence cervenec jula julius iulie iul srpanj srpnja temmuz tem июл июль июля "
    "липня липень юли ιουλ ιολ ιουλιος ιουλιου يوليو جويلية जुलाई יולי ژوئیه juuli julijs liepos",
    "aug august aout agosto ago agost augusti elokuu elokuuta elo sierpnia sierpien sie srpna "
    "srpen augusta augusztus kolovoz kolovoza agustos agu agustus авг август августа серп серпня "
    "серпень αυγ αυγουστος αυγουστου أغسطس اغسطس أوت अगस्त אוגוסט اوت augusts rugpjucio",
    "sep sept september septembre septiembre setiembre setembro settembre set setembre syyskuu "
    "syyskuuta syys wrzesnia wrzesien wrz zari szeptember szept septembra septembrie rujan rujna "
    "eylul eyl сен сент сентябрь сентября вер вересня вересень септември септ сеп σεπ σεπτ "
    "σεπτεμβριος σεπτεμβριου سبتمبر सितंबर सितम्बर ספטמבר سپتامبر septembris rugsejo",
    "oct october octobre oktober okt octubre outubro out ottobre ott lokakuu lokakuuta loka "
    "pazdziernika pazdziernik paz rijna rijen oktobra octombrie listopada ekim eki oktober окт "
    "октябрь октября жов жовтня жовтень октомври οκτ οκτωβριος οκτωβριου أكتوبر اكتوبر अक्टूबर "
    "אוקטובר "
    "اکتبر oktoober oktobris spalio",
    "nov november novembre noviembre novembro marraskuu marraskuuta marras listopad lis listopadu "
    "novembra noiembrie noi studeni studenoga kasim kas nopember ноя нояб ноябрь ноября лис "
    "листопада листопад ноември νοε νοεμ νοεμβριος νοεμβριου نوفمبر नवंबर नवम्बर נובמבר نوامبر "
    "novembris lapkricio",
    "dec december decembre dez dezember dic diciembre dezembro dicembre desembre des desember "
    "joulukuu joulukuuta joulu grudnia grudzien gru prosince prosinec decembra decembrie prosinac "
    "prosinca aralik ara дек декабрь декабря груд грудня грудень декември δεκ δεκεμβριος "
    "δεκεμβριου ديسمبر दिसंबर दिसम्बर דצמבר دسامبر detsember decembris gruodzio",
};

constexpr std::string_view kWeekdays =
    "mon monday tue tues tuesday wed weds wednesday thu thur thurs thursday fri friday sat "
    "saturday "
    "sun sunday lun lundi mardi mer mercredi jeu jeudi ven vendredi sam samedi dim dimanche montag "
    "mo di dienstag mi mittwoch do donnerstag fr freitag sa samstag sonnabend so sonntag lunes "
    "martes mie miercoles jue jueves vie viernes sab sabado dom domingo segunda feira terca quarta "
    "quinta sexta seg ter qua qui sex lunedi martedi mercoledi giovedi gio venerdi sabato domenica "
    "maandag ma dinsdag woensdag wo donderdag vrijdag vr zaterdag za zo zondag mandag man tirsdag "
    "tir tisdag tis onsdag ons torsdag tor tors fredag fre lordag lor lordag sondag son loverdag "
    "maanantai tiistai keskiviikko torstai perjantai lauantai sunnuntai ti ke pe la su "
    "poniedzialek "
    "pon wtorek wt sroda sr czwartek czw piatek pt sobota sob niedziela nd niedz pondeli po utery "
    "streda st ctvrtek ct patek pa nedele ne hetfo kedd szerda csutortok pentek szombat vasarnap "
    "luni marti miercuri joi vineri sambata duminica pazartesi sali carsamba persembe cuma "
    "cumartesi pazar pzt sal car per cum cmt paz senin selasa rabu kamis jumat sabtu minggu "
    "понедельник вторник среда четверг пятница суббота воскресенье пн вт ср чт пт сб вс понеділок "
    "вівторок середа четвер пятниця субота неділя нд κυρ κυριακη δευ δευτερα τρι τριτη τετ τεταρτη "
    "πεμ πεμπτη παρ παρασκευη σαβ σαββατο الأحد الاثنين الثلاثاء الأربعاء الخميس الجمعة السبت thứ";

constexpr std::string_view kNoise =
    "of at on the de del den d le la les el o e um uhr kl klo kello ore ora orele alle alla as a "
    "la "
    "och og in st nd rd th er ere eme г год года годa р року на в u ve saat om os c ca y da do dos "
    "ngay nam luc luc gio hr hrs ob v ob о об ч od z roku";

struct Zone {
  std::string_view names;
  int16_t minutes;
};

// RFC 822 zones first; then what feeds are seen to use. CST is the American one (RFC 822).
constexpr std::array kZones = {
    Zone{"z gmt utc utz wet universal zulu", 0},
    Zone{"est", -300},
    Zone{"edt cdt-cuba", -240},
    Zone{"cst", -360},
    Zone{"cdt", -300},
    Zone{"mst", -420},
    Zone{"mdt", -360},
    Zone{"pst", -480},
    Zone{"pdt", -420},
    Zone{"et", -300},
    Zone{"akst", -540},
    Zone{"akdt", -480},
    Zone{"hst hast", -600},
    Zone{"ast", -240},
    Zone{"adt", -180},
    Zone{"nst", -210},
    Zone{"ndt", -150},
    Zone{"brt art clst uyt", -180},
    Zone{"brst", -120},
    Zone{"cet met mez wat bst west", 60},
    Zone{"cest mest mesz eet cat sast", 120},
    Zone{"eest msk eat trt", 180},
    Zone{"msd samt gst", 240},
    Zone{"irst", 210},
    Zone{"pkt yekt", 300},
    Zone{"ist", 330},
    Zone{"npt", 345},
    Zone{"ict wib novt", 420},
    Zone{"hkt sgt pht myt awst wita irkt", 480},
    Zone{"jst kst wit yakt", 540},
    Zone{"acst", 570},
    Zone{"aest vlat", 600},
    Zone{"acdt", 630},
    Zone{"aedt", 660},
    Zone{"nzst", 720},
    Zone{"nzdt", 780},
};

using Words = std::unordered_map<std::string_view, DateMeaning>;

void AddAll(Words& words, std::string_view list, DateWord word, int16_t value) {
  while (!list.empty()) {
    const size_t space = list.find(' ');
    if (const std::string_view each = list.substr(0, space); !each.empty()) {
      words.try_emplace(each, DateMeaning{word, value});
    }
    list.remove_prefix(space == std::string_view::npos ? list.size() : space + 1);
  }
}

Words MakeWords() {
  Words words;
  AddAll(words, "mar", DateWord::kMonthOrWeekday, 3);
  AddAll(words, "ut", DateWord::kWeekdayOrZone, 0);
  AddAll(words, "am μμ-", DateWord::kMorning, 0);
  AddAll(words, "πμ", DateWord::kMorning, 0);
  AddAll(words, "pm μμ ch", DateWord::kAfternoon, 0);
  AddAll(words, "t", DateWord::kTimeSeparator, 0);
  AddAll(words, "w", DateWord::kWeek, 0);
  AddAll(words, "h", DateWord::kHour, 0);
  AddAll(words, "thang", DateWord::kNextIsMonth, 0);
  for (size_t i = 0; i < kMonths.size(); ++i) {
    AddAll(words, kMonths[i], DateWord::kMonth, static_cast<int16_t>(i + 1));
  }
  for (const Zone& zone : kZones) {
    AddAll(words, zone.names, DateWord::kZone, zone.minutes);
  }
  AddAll(words, kWeekdays, DateWord::kWeekday, 0);
  AddAll(words, kNoise, DateWord::kNoise, 0);
  return words;
}

struct MarkText {
  std::string_view text;
  DateMark mark;
};
constexpr std::array kMarks = {
    MarkText{"星期", DateMark::kWeekday},   MarkText{"礼拜", DateMark::kWeekday},
    MarkText{"禮拜", DateMark::kWeekday},   MarkText{"周", DateMark::kWeekday},
    MarkText{"週", DateMark::kWeekday},     MarkText{"年", DateMark::kYear},
    MarkText{"月", DateMark::kMonth},       MarkText{"日", DateMark::kDay},
    MarkText{"号", DateMark::kDay},         MarkText{"號", DateMark::kDay},
    MarkText{"时", DateMark::kHour},        MarkText{"時", DateMark::kHour},
    MarkText{"点", DateMark::kHour},        MarkText{"點", DateMark::kHour},
    MarkText{"分", DateMark::kMinute},      MarkText{"秒", DateMark::kSecond},
    MarkText{"上午", DateMark::kMorning},   MarkText{"早上", DateMark::kMorning},
    MarkText{"早晨", DateMark::kMorning},   MarkText{"凌晨", DateMark::kMorning},
    MarkText{"午前", DateMark::kMorning},   MarkText{"下午", DateMark::kAfternoon},
    MarkText{"晚上", DateMark::kAfternoon}, MarkText{"午後", DateMark::kAfternoon},
    MarkText{"午后", DateMark::kAfternoon}, MarkText{"월요일", DateMark::kWeekday},
    MarkText{"화요일", DateMark::kWeekday}, MarkText{"수요일", DateMark::kWeekday},
    MarkText{"목요일", DateMark::kWeekday}, MarkText{"금요일", DateMark::kWeekday},
    MarkText{"토요일", DateMark::kWeekday}, MarkText{"일요일", DateMark::kWeekday},
    MarkText{"년", DateMark::kYear},        MarkText{"월", DateMark::kMonth},
    MarkText{"일", DateMark::kDay},         MarkText{"시", DateMark::kHour},
    MarkText{"분", DateMark::kMinute},      MarkText{"초", DateMark::kSecond},
    MarkText{"오전", DateMark::kMorning},   MarkText{"오후", DateMark::kAfternoon},
};
constexpr std::array<std::string_view, 10> kDaysOfWeek = {"一", "二", "三", "四", "五",
                                                          "六", "日", "天", "末", "七"};
constexpr std::array<std::string_view, 7> kJapaneseDays = {"月曜", "火曜", "水曜", "木曜",
                                                           "金曜", "土曜", "日曜"};

}  // namespace

std::optional<DateMeaning> FindDateWord(std::string_view folded) {
  static const Words words = MakeWords();
  const auto found = words.find(folded);
  return found == words.end() ? std::nullopt : std::optional(found->second);
}

std::optional<FoundMark> FindDateMark(std::string_view text) {
  for (const std::string_view day : kJapaneseDays) {
    if (text.starts_with(day)) {
      const size_t bytes = day.size();
      const bool whole = text.substr(bytes).starts_with("日");
      return FoundMark{DateMark::kWeekday, whole ? bytes + 3 : bytes};
    }
  }
  for (const MarkText& each : kMarks) {
    if (!text.starts_with(each.text)) {
      continue;
    }
    if (each.mark != DateMark::kWeekday || each.text.size() > 6) {
      return FoundMark{each.mark, each.text.size()};
    }
    for (const std::string_view day : kDaysOfWeek) {
      if (text.substr(each.text.size()).starts_with(day)) {
        return FoundMark{DateMark::kWeekday, each.text.size() + day.size()};
      }
    }
    return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace newswire::text
