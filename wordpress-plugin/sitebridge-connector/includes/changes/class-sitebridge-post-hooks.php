<?php
/**
 * Notices changes of posts.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Listens to WordPress's hooks about posts, and passes on the changes that the server is told about.
 */
final class Sitebridge_Post_Hooks {

	/**
	 * Collects the changes.
	 *
	 * @var Sitebridge_Change_Collector
	 */
	private $changes;

	/**
	 * Knows which taxonomies the server is told about.
	 *
	 * @var Sitebridge_Structure
	 */
	private $structure;

	/**
	 * Knows which term is being deleted.
	 *
	 * @var Sitebridge_Term_Hooks
	 */
	private $terms;

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Change_Collector $changes   Collects the changes.
	 * @param Sitebridge_Structure        $structure Knows which taxonomies the server is told about.
	 * @param Sitebridge_Term_Hooks       $terms     Knows which term is being deleted.
	 */
	public function __construct( Sitebridge_Change_Collector $changes, Sitebridge_Structure $structure, Sitebridge_Term_Hooks $terms ) {
		$this->changes   = $changes;
		$this->structure = $structure;
		$this->terms     = $terms;
	}

	/**
	 * Registers the hooks.
	 */
	public function register() {
		add_action( 'transition_post_status', array( $this, 'on_status' ), 10, 3 );
		add_action( 'post_updated', array( $this, 'on_update' ), 10, 3 );
		add_action( 'set_object_terms', array( $this, 'on_terms' ), 10, 6 );
		add_action( 'deleted_term_relationships', array( $this, 'on_terms_removed' ), 10, 3 );
		foreach ( array( 'added_post_meta', 'updated_post_meta', 'deleted_post_meta' ) as $hook ) {
			add_action( $hook, array( $this, 'on_meta' ), 10, 3 );
		}
		add_action( 'before_delete_post', array( $this->changes, 'before_delete' ), 10, 2 );
		add_action( 'deleted_post', array( $this->changes, 'on_delete' ), 10, 2 );
		add_action( 'shutdown', array( $this->changes, 'complete' ), 100 );
	}

	/**
	 * A post got another status. For a new post the metadata is reported too.
	 *
	 * @param string  $now    The new status.
	 * @param string  $before The old status; `new` for a post that was just created.
	 * @param WP_Post $post   The post.
	 */
	public function on_status( $now, $before, $post ) {
		if ( $now === $before ) {
			return;
		}
		$this->changes->note( $post, 'status' );
		if ( in_array( $before, array( 'new', 'auto-draft' ), true ) ) {
			$this->changes->note( $post, 'metadata' );
		}
	}

	/**
	 * A post was saved. Messages do not contain the post's body: the server reads the whole post when it
	 * learns that the post is newer.
	 *
	 * @param int     $post_id The post.
	 * @param WP_Post $after   The post now.
	 * @param WP_Post $before  The post as it was.
	 */
	public function on_update( $post_id, $after, $before ) {
		// Trashing changes the slug. Only the status is reported then.
		if ( 'trash' === $after->post_status || 'auto-draft' === $before->post_status ) {
			return;
		}
		if ( $after->post_name !== $before->post_name || $after->post_parent !== $before->post_parent ) {
			// The post's address has changed, and the status message contains the address.
			$this->changes->note( $after, 'status' );
		}
		$this->changes->note( $after, 'metadata' );
	}

	/**
	 * A post's terms were set.
	 *
	 * @param int    $post_id  The id of the post, or of another object with terms.
	 * @param array  $terms    Not needed.
	 * @param array  $now      The terms' ids in this taxonomy.
	 * @param string $taxonomy The taxonomy.
	 * @param bool   $append   Whether the terms were appended; then WordPress does not pass the ids before.
	 * @param array  $before   The terms' ids before.
	 */
	public function on_terms( $post_id, $terms, $now, $taxonomy, $append, $before ) {
		$now    = array_map( 'intval', $now );
		$before = array_map( 'intval', $before );
		$added  = array_diff( $now, $before );
		$lost   = $append ? array() : array_diff( $before, $now );
		if ( ( $added || $lost ) && ! $this->terms->tells( $taxonomy, $lost, $added, count( $now ) ) ) {
			$this->note_terms( $post_id, $taxonomy );
		}
	}

	/**
	 * Terms were removed from a post.
	 *
	 * @param int    $post_id  The id of the post, or of another object with terms.
	 * @param array  $ids      The terms' ids in this taxonomy.
	 * @param string $taxonomy The taxonomy.
	 */
	public function on_terms_removed( $post_id, $ids, $taxonomy ) {
		if ( ! $this->terms->tells( $taxonomy, array_map( 'intval', $ids ) ) ) {
			$this->note_terms( $post_id, $taxonomy );
		}
	}

	/**
	 * Notes that the terms of a post changed.
	 *
	 * @param int    $post_id  The id of the post, or of another object with terms.
	 * @param string $taxonomy The taxonomy.
	 */
	private function note_terms( $post_id, $taxonomy ) {
		$post = get_post( $post_id );
		if ( $post instanceof WP_Post && $this->structure->has_taxonomy( $taxonomy ) && is_object_in_taxonomy( $post->post_type, $taxonomy ) ) {
			$this->changes->note( $post, 'metadata' );
		}
	}

	/**
	 * A post's meta changed.
	 *
	 * @param int|int[] $meta_ids Not needed.
	 * @param int       $post_id  The post; 0 when meta of all posts was deleted, see Sitebridge_Site_Hooks.
	 * @param string    $key      The meta key.
	 */
	public function on_meta( $meta_ids, $post_id, $key ) {
		if ( (int) $post_id > 0 ) {
			$this->on_meta_of( $post_id, $key, 'deleted_post_meta' === current_action() );
		}
	}

	/**
	 * Notes that a post's meta changed. Only meta keys that a message can contain count: counters and locks
	 * change all the time.
	 *
	 * @param int    $post_id The post.
	 * @param string $key     The meta key.
	 * @param bool   $deleted Whether the meta was deleted.
	 */
	public function on_meta_of( $post_id, $key, $deleted ) {
		$post = get_post( $post_id );
		if ( ! $post instanceof WP_Post ) {
			return;
		}
		if ( '_thumbnail_id' === $key ) {
			if ( $deleted ) {
				$this->changes->note_picture_gone( $post_id );
			}
			$this->changes->note( $post, 'metadata' );
			return;
		}
		foreach ( array( '', $post->post_type ) as $subtype ) {
			$registered = get_registered_meta_keys( 'post', $subtype );
			if ( ! empty( $registered[ $key ]['show_in_rest'] ) ) {
				$this->changes->note( $post, 'metadata' );
				return;
			}
		}
	}
}
