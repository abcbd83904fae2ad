<?php
/**
 * Hashes of contents, made by the database.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * A content's hash is the XOR of 64 bits of MD5 for each of its rows: the post's own, one for each term,
 * one for each meta value that counts. So a range of ids has as its hash the XOR of all rows in it, which
 * the database sums up without anything large passing through PHP, and whoever knows the hashes of the
 * contents can tell which ranges differ. Each row's hash holds the post's id, else two posts that get the
 * same term would cancel each other out. A meta row's holds its own id too: order and doubles count.
 */
final class Sitebridge_Item_Hash {

	/**
	 * Knows the taxonomies.
	 *
	 * @var Sitebridge_Item_Fields
	 */
	private $fields;

	/**
	 * Takes what it needs.
	 *
	 * @param Sitebridge_Item_Fields $fields Knows the taxonomies.
	 */
	public function __construct( Sitebridge_Item_Fields $fields ) {
		$this->fields = $fields;
	}

	/**
	 * The hashes of some posts, in whatever status.
	 *
	 * @param string $post_type The post type.
	 * @param int[]  $ids       The posts.
	 * @return string[] 16 hex digits by id, of those that there are.
	 */
	public function of( $post_type, array $ids ) {
		if ( array() === $ids ) {
			return array();
		}

		return wp_list_pluck( $this->rows( 'p.ID', $post_type, 'p.ID IN (' . implode( ',', array_map( 'intval', $ids ) ) . ')' ), 'hash', 'n' );
	}

	/**
	 * What each range of ids holds of a type's contents.
	 *
	 * @param string $post_type The post type.
	 * @param int    $size      Range n has the ids from n × size on, and as many.
	 * @return array[] Range, count, XOR of the hashes; only ranges that hold any.
	 */
	public function ranges( $post_type, $size ) {
		return array_map(
			static function ( $row ) {
				return array( (int) $row->n, (int) $row->found, $row->hash );
			},
			$this->rows( 'p.ID DIV ' . (int) $size, $post_type, self::in_content() )
		);
	}

	/**
	 * The contents in some ranges.
	 *
	 * @param string $post_type The post type.
	 * @param int    $size      As for ranges().
	 * @param int[]  $ranges    Which.
	 * @return array[] Id and hash, ascending.
	 */
	public function in_ranges( $post_type, $size, array $ranges ) {
		$size  = (int) $size;
		$parts = array();
		foreach ( $ranges as $range ) {
			$parts[] = 'p.ID BETWEEN ' . ( (int) $range * $size ) . ' AND ' . ( ( (int) $range + 1 ) * $size - 1 );
		}

		return array_map(
			static function ( $row ) {
				return array( (int) $row->n, $row->hash );
			},
			array() === $parts ? array() : $this->rows( 'p.ID', $post_type, self::in_content() . ' AND (' . implode( ' OR ', $parts ) . ')' )
		);
	}

	/**
	 * The condition that a post `p` belongs to the site's content by its status.
	 *
	 * @return string SQL.
	 */
	public static function in_content() {
		return 'p.post_status IN ' . Sitebridge_Item_Query::words( self::statuses() );
	}

	/**
	 * The statuses of what belongs to the site's content.
	 *
	 * @return string[]
	 */
	public static function statuses() {
		return array_values( array_diff( get_post_stati(), Sitebridge_Structure::UNCOUNTED_STATUSES ) );
	}

	/**
	 * Hashes posts, one by one or by ranges. One statement, so that the parts of a hash are of one moment.
	 *
	 * @param string $key       What to group by: SQL.
	 * @param string $post_type The post type.
	 * @param string $condition Which posts `p`: SQL.
	 * @return object[] With `n`, `found` and `hash`, ascending.
	 */
	private function rows( $key, $post_type, $condition ) {
		global $wpdb;

		$where = 'WHERE p.post_type IN ' . Sitebridge_Item_Query::words( array( $post_type ) ) . " AND {$condition} GROUP BY n";
		// Texts go in as their own hashes, which end no sooner than the next begins and are all of one collation.
		$parts = array(
			"SELECT {$key} AS n, COUNT(*) AS found, " . self::hash( "'p', p.ID, MD5(p.post_title), MD5(p.post_content), MD5(p.post_excerpt), MD5(p.post_name), MD5(p.post_status), p.post_author, p.post_date, p.post_date_gmt, p.post_modified, p.post_modified_gmt, p.post_parent" ) . " AS hash FROM {$wpdb->posts} p {$where}",
			"SELECT {$key} AS n, 0 AS found, " . self::hash( "'m', p.ID, m.meta_id, COALESCE(MD5(m.meta_value), '')" ) . " AS hash FROM {$wpdb->posts} p JOIN {$wpdb->postmeta} m ON m.post_id = p.ID AND m.meta_key IN " . Sitebridge_Item_Query::words( array_merge( array( '_thumbnail_id' ), Sitebridge_Item_Fields::meta_keys( $post_type ) ) ) . " {$where}",
		);
		$taxonomies = $this->fields->taxonomies( $post_type );
		if ( array() !== $taxonomies ) {
			// From the posts on: a taxonomy of few terms looks like the shorter way, and is the longer one.
			$parts[] = "SELECT STRAIGHT_JOIN {$key} AS n, 0 AS found, " . self::hash( "'t', p.ID, x.term_taxonomy_id, MD5(t.slug), MD5(t.name)" ) . " AS hash FROM {$wpdb->posts} p JOIN {$wpdb->term_relationships} r ON r.object_id = p.ID JOIN {$wpdb->term_taxonomy} x ON x.term_taxonomy_id = r.term_taxonomy_id AND x.taxonomy IN " . Sitebridge_Item_Query::words( $taxonomies ) . " JOIN {$wpdb->terms} t ON t.term_id = x.term_id {$where}";
		}
		// A term that changes between two parts must not bring a range that holds no post.
		$sql = "SELECT n, SUM(found) AS found, LOWER(LPAD(HEX(BIT_XOR(hash)), 16, '0')) AS hash FROM (" . implode( ' UNION ALL ', $parts ) . ') parts GROUP BY n HAVING SUM(found) > 0 ORDER BY n';

		return Sitebridge_Item_Query::rows( $sql );
	}

	/**
	 * The XOR over rows of 64 bits of the MD5 of some expressions.
	 *
	 * @param string $expressions SQL.
	 * @return string SQL.
	 */
	private static function hash( $expressions ) {
		return "BIT_XOR(CAST(CONV(LEFT(MD5(CONCAT_WS(' ', {$expressions})), 16), 16, 10) AS UNSIGNED))";
	}
}
