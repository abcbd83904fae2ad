<?php
/**
 * Which post is one content of the server.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * A row in a table of its own, because no two posts may ever stand for one content: its keys are unique, those of
 * post meta are not. The row is written before its post is made, so that after a crash in between it is known
 * that there may be a post; that post bears a guid that only it has.
 */
abstract class Sitebridge_Link {

	/**
	 * What the server calls the content.
	 *
	 * @var string
	 */
	protected $name;

	/**
	 * Takes what the server calls the content.
	 *
	 * @param string $name A key, or a number.
	 */
	public function __construct( $name ) {
		$this->name = (string) $name;
	}

	/**
	 * What the lock of the content is called.
	 *
	 * @return string
	 */
	public function lock_name() {
		return static::table_name() . ' ' . static::server() . ' ' . $this->name;
	}

	/**
	 * What is known of the content.
	 *
	 * @return array|null `post_id` (0 before the post was made), `seal` (which write was the last) and
	 *                    `sealed_hash` (the post's hash after it). Null for a content that never was here.
	 */
	public function find() {
		global $wpdb;

		$table  = static::table_name();
		$column = static::column();
		// phpcs:ignore WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- a table of our own, whose names are no input.
		$rows = static::rows( $wpdb->prepare( "SELECT post_id, seal, sealed_hash FROM {$table} WHERE server = %s AND {$column} = %s", static::server(), $this->name ) );

		return array() === $rows ? null : array( 'post_id' => (int) $rows[0]->post_id ) + (array) $rows[0];
	}

	/**
	 * Claims the content for a post that is about to be made.
	 *
	 * @return bool|null True for one that never was here; false when there may be a post of an earlier
	 *                   attempt; null when it cannot be stored.
	 */
	public function claim() {
		global $wpdb;

		$table  = static::table_name();
		$column = static::column();
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- see find().
		$rows = $wpdb->query( $wpdb->prepare( "INSERT IGNORE INTO {$table} (server, {$column}) VALUES (%s, %s)", static::server(), $this->name ) );

		return false === $rows ? null : 1 === $rows;
	}

	/**
	 * Notes which post was made for the claimed content, and by which write.
	 *
	 * @param int    $post_id     The post.
	 * @param string $seal        Which write it was: 32 hex digits.
	 * @param string $sealed_hash The post's hash after it.
	 * @return bool False when another post is noted already.
	 */
	public function complete( $post_id, $seal, $sealed_hash ) {
		global $wpdb;

		$table  = static::table_name();
		$column = static::column();
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- see find().
		return 1 === $wpdb->query( $wpdb->prepare( "UPDATE {$table} SET post_id = %d, seal = %s, sealed_hash = %s WHERE server = %s AND {$column} = %s AND (post_id IS NULL OR post_id = %d)", $post_id, $seal, $sealed_hash, static::server(), $this->name, $post_id ) );
	}

	/**
	 * Makes a post that is there the content's. The row of another content never goes: see other_owner().
	 *
	 * @param int $post_id The post.
	 * @return bool False when the post is another content's by now.
	 */
	public function adopt( $post_id ) {
		global $wpdb;

		$table  = static::table_name();
		$column = static::column();
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- see find().
		$done = $wpdb->query( $wpdb->prepare( "INSERT INTO {$table} (server, {$column}, post_id) VALUES (%s, %s, %d) ON DUPLICATE KEY UPDATE post_id = IF({$column} = VALUES({$column}), VALUES(post_id), post_id)", static::server(), $this->name, $post_id ) );
		$link = $this->find();

		return false !== $done && null !== $link && $link['post_id'] === $post_id;
	}

	/**
	 * Notes the last write of the content.
	 *
	 * @param string $seal        Which write it was: 32 hex digits.
	 * @param string $sealed_hash The post's hash after it.
	 */
	public function seal( $seal, $sealed_hash ) {
		global $wpdb;

		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- see find().
		$wpdb->update(
			static::table_name(),
			compact( 'seal', 'sealed_hash' ),
			array(
				'server'         => static::server(),
				static::column() => $this->name,
			)
		);
	}

	/**
	 * Forgets which post the content was, as that is gone.
	 */
	public function forget() {
		global $wpdb;

		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- see find().
		$wpdb->delete(
			static::table_name(),
			array(
				'server'         => static::server(),
				static::column() => $this->name,
			)
		);
	}

	/**
	 * The guid of the post that is made for the content: by it the post is found when PHP ended before the
	 * post was noted in the table.
	 *
	 * @return string
	 */
	public function guid() {
		return 'urn:sitebridge:' . static::server() . ':' . $this->name;
	}

	/**
	 * The post with the content's guid. Looks through all posts of the type, as guids have no index.
	 *
	 * @param string $post_type The post type.
	 * @return int 0 when there is none.
	 */
	public function find_by_guid( $post_type ) {
		global $wpdb;

		$found = Sitebridge_Item_Query::numbers( $wpdb->prepare( "SELECT ID AS n FROM {$wpdb->posts} WHERE post_type = %s AND guid = %s ORDER BY ID LIMIT 1", $post_type, $this->guid() ) );

		return array() === $found ? 0 : $found[0];
	}

	/**
	 * The other content that a post is.
	 *
	 * @param WP_Post $post The post.
	 * @return string What the server calls that content; '' when the post is no other content's.
	 */
	abstract public function other_owner( WP_Post $post );

	/**
	 * What an item shows of the content that it is.
	 *
	 * @return array
	 */
	abstract public function shown();

	/**
	 * The refusal of a write whose content and post do not belong together.
	 *
	 * @param int        $post_id  The post that the server names.
	 * @param string     $owner    The other content that it is, or ''.
	 * @param int        $other_id The other post that the content is, or 0.
	 * @param array|null $item     The post that the server names, as it is.
	 * @return WP_Error
	 */
	abstract public function mismatch( $post_id, $owner, $other_id, $item );

	/**
	 * Whose names count.
	 *
	 * @return string 16 hex digits.
	 */
	abstract protected static function server();

	/**
	 * Asks the table.
	 *
	 * @param string $sql Prepared SQL.
	 * @return object[]
	 * @throws RuntimeException When the database fails.
	 */
	abstract protected static function rows( $sql );

	/**
	 * The table.
	 *
	 * @return string
	 */
	abstract protected static function table_name();

	/**
	 * The column of the name.
	 *
	 * @return string
	 */
	abstract protected static function column();
}
