<?php
/**
 * Notices changes of the site itself, and of many posts at once.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Listens to WordPress's hooks about the settings that the server knows, and about changes of posts that nobody
 * saves.
 */
final class Sitebridge_Site_Hooks {

	/**
	 * The options that a message about the site contains.
	 */
	const OPTIONS = array( 'home', 'siteurl', 'blogname', 'permalink_structure', 'timezone_string', 'gmt_offset' );

	/**
	 * How many posts of one change have a message each. After a larger change the server compares all posts.
	 */
	const POSTS = 100;

	/**
	 * Collects the changes of the site.
	 *
	 * @var Sitebridge_Site_Changes
	 */
	private $site;

	/**
	 * Notices changes of posts.
	 *
	 * @var Sitebridge_Post_Hooks
	 */
	private $posts;

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Site_Changes $site  Collects the changes of the site.
	 * @param Sitebridge_Post_Hooks   $posts Notices changes of posts.
	 */
	public function __construct( Sitebridge_Site_Changes $site, Sitebridge_Post_Hooks $posts ) {
		$this->site  = $site;
		$this->posts = $posts;
	}

	/**
	 * Registers the hooks.
	 */
	public function register() {
		foreach ( self::OPTIONS as $option ) {
			add_action( 'update_option_' . $option, array( $this, 'on_option' ), 10, 0 );
		}
		add_action( 'delete_post_meta', array( $this, 'before_delete_meta' ), 10, 3 );
		add_action( 'delete_user', array( $this, 'before_delete_user' ), 10, 2 );
		add_action( 'remove_user_from_blog', array( $this, 'before_remove_user' ), 10, 3 );
	}

	/**
	 * A setting of the site was changed.
	 */
	public function on_option() {
		$this->site->note_site();
	}

	/**
	 * Meta is about to be deleted. For all posts at once, WordPress names no post: so it deletes the featured
	 * image of every post with a picture that is deleted from the library.
	 *
	 * @param int[]  $meta_ids The rows of the meta.
	 * @param int    $post_id  The post; 0 for all posts.
	 * @param string $key      The meta key.
	 */
	public function before_delete_meta( $meta_ids, $post_id, $key ) {
		global $wpdb;

		if ( (int) $post_id > 0 || ! is_array( $meta_ids ) || array() === $meta_ids ) {
			return;
		}
		if ( count( $meta_ids ) > self::POSTS ) {
			$this->site->note_site( true );
			return;
		}
		$ids = implode( ',', array_map( 'intval', $meta_ids ) );
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery, WordPress.DB.PreparedSQL.InterpolatedNotPrepared -- integers; WordPress has no function for this.
		foreach ( $wpdb->get_col( "SELECT DISTINCT post_id FROM {$wpdb->postmeta} WHERE meta_id IN ({$ids})" ) as $each ) {
			$this->posts->on_meta_of( (int) $each, $key, true );
		}
	}

	/**
	 * A user is about to be deleted. WordPress gives the user's posts to another author without saving them.
	 *
	 * @param int      $user_id  The user.
	 * @param int|null $reassign The other author; null when the posts are deleted.
	 */
	public function before_delete_user( $user_id, $reassign ) {
		global $wpdb;

		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- the number of posts does not matter.
		if ( (int) $reassign > 0 && null !== $wpdb->get_var( $wpdb->prepare( "SELECT ID FROM {$wpdb->posts} WHERE post_author = %d LIMIT 1", $user_id ) ) ) {
			$this->site->note_site( true );
		}
	}

	/**
	 * A user is about to be removed from a site of the network.
	 *
	 * @param int $user_id  The user.
	 * @param int $blog_id  The site, which is the current one.
	 * @param int $reassign The other author; 0 when the posts stay with the user.
	 */
	public function before_remove_user( $user_id, $blog_id, $reassign ) {
		$this->before_delete_user( $user_id, $reassign );
	}
}
