//! What people write so that a word is not found.

use super::{shown, words};

const LIST: &str = "
微信 | 引流 | | pinyin, initials
国家级
赌博
代开发票
viagra
加v信
法轮 | | | exact
sos
110
免费领取 | | | pinyin
A股
";

#[test]
fn words_are_found_however_they_are_written() {
    let checker = words(LIST);
    for (text, expected) in [
        // Plain, in any form of the characters.
        ("加我微信吧", "微信=微信@2"),
        ("國傢級", "国家级=國傢級@0"),
        ("ＶＩＡＧＲＡ！", "viagra=ＶＩＡＧＲＡ@0"),
        ("看ᴠɪᴀɢʀᴀ吗", "viagra=ᴠɪᴀɢʀᴀ@1"),
        ("代開發票", "代开发票=代開發票@0"),
        ("𝓋𝒾𝒶𝑔𝓇𝒶", "viagra=𝓋𝒾𝒶𝑔𝓇𝒶@0"),
        ("ⓥⓘⓐⓖⓡⓐ", "viagra=ⓥⓘⓐⓖⓡⓐ@0"),
        // Between the characters.
        ("微 信", "微信=微 信@0"),
        ("微\u{200b}\u{200d}信", "微信=微\u{200b}\u{200d}信@0"),
        ("微*信 微_信 微🐱信", "微信=微*信@0 微信=微_信@4 微信=微🐱信@8"),
        ("国、家、级", "国家级=国、家、级@0"),
        ("国\n家\n级", "国家级=国\n家\n级@0"),
        ("代.开-发 票", "代开发票=代.开-发 票@0"),
        ("v-i-a-g-r-a", "viagra=v-i-a-g-r-a@0"),
        ("v i a g r a", "viagra=v i a g r a@0"),
        ("v\u{ad}iagra", "viagra=v\u{ad}iagra@0"),
        // Look-alikes.
        ("v1agra", "viagra=v1agra@0"),
        ("vіаgrа", "viagra=vіаgrа@0"),
        ("ѵiagra", "viagra=ѵiagra@0"),
        ("加V信", "加v信=加V信@0"),
        ("加ν信", "加v信=加ν信@0"),
        // Pinyin, where asked for.
        ("加weixin聊", "微信=weixin@1"),
        ("加WeiXin聊", "微信=WeiXin@1"),
        ("wei xin", "微信=wei xin@0"),
        ("加wx聊", "微信=wx@1"),
        ("加ＷＸ：abc", "微信=ＷＸ@1"),
        ("微xin", "微信=微xin@0"),
        ("w信", "微信=w信@0"),
        ("mianfei领取", "免费领取=mianfei领取@0"),
        ("①①0", "110=①①0@0"),
        ("a股", "A股=a股@0"),
    ] {
        assert_eq!(shown(&checker, text), expected, "{text}");
    }
}

#[test]
fn what_only_contains_the_letters_is_no_hit() {
    let checker = words(LIST);
    for text in [
        "热爱国家，级别不同",
        "打赌，博士赢了",
        "法 轮",
        "法-轮",
        "awxb",
        "wxpay",
        "weixinpay",
        "w x",
        "wxid",
        "dubo",
        "viagrax",
        "505",
        "iio",
        "1100",
        "11 0",
        "v,ia,gra",
        "guojiaji",
        "微——————————————————信",
        "BA股",
        "微",
    ] {
        assert_eq!(shown(&checker, text), "", "{text}");
    }
}
