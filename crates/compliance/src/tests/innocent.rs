//! What people write every day. The built-in list may warn of none of it.

use super::{shipped, shown};

const INNOCENT: &str = "
最近天气转凉，记得添衣
最后一天，大家辛苦了
第一次做蛋糕，居然成功了
第一时间来和大家分享好消息
出门最好带把伞
你最好先问问妈妈
感谢我最好的朋友
明天最高气温 12 度
孩子今天拿了第一名，奖励一个冰淇淋
我在市第一人民医院门口等你
热爱国家，级别再高也要守规矩
今晚看王牌对王牌
万能的朋友圈，谁知道哪里修手表
这是我人生中第一个马拉松
No 10 bus, top 10 songs
他最终还是来了
最初的梦想，最终会到达
本周六下午三点，社区活动中心见
秋天的第一杯奶茶
新品上架：羊毛围巾，199 元，五色可选
门店地址：人民路 110 号，电话 010-12345678
祝大家国庆节快乐，家家团圆
昨天去爬山，风景很美
周末特价：苹果 5 元一斤
We are open until 9 p.m. today
小明的优点是认真
最喜欢这家店的豆浆
最爱的还是妈妈做的饭
排队第二，马上到我
这条路通往顶楼，级别不限
";

#[test]
fn innocent_texts_get_no_warning() {
    let checker = shipped();
    let false_hits: Vec<_> = INNOCENT
        .lines()
        .map(|text| (text, shown(&checker, text)))
        .filter(|(_, hits)| !hits.is_empty())
        .collect();
    assert_eq!(false_hits, []);
}

#[test]
fn superlatives_are_warned_of() {
    let checker = shipped();
    for (text, expected) in [
        ("国家级品质，最佳选择", "国家级=国家级@0 最佳=最佳@6"),
        ("全网最低价！", "全网最低=全网最低@0 最低价=最低价@2"),
        ("销量第一，NO.1 品牌", "销量第一=销量第一@0 NO.1=NO.1@5"),
        ("No1", "NO.1=No1@0"),
        ("最 好 的奶粉", "最好=最 好@0"),
        ("頂級享受", "顶级=頂級@0"),
        ("第一次用就爱上，全国第一", "全国第一=全国第一@8"),
        ("100％有效", "100%有效=100％有效@0"),
    ] {
        assert_eq!(shown(&checker, text), expected, "{text}");
    }
}
